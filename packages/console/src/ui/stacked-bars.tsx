import { type PointerEvent, useEffect, useRef, useState } from "react";
import { classNames } from "./class-names.ts";

export interface BarSeries {
  readonly name: string;
  readonly values: readonly number[];
}

const HEIGHT = 250;
const BOTTOM = 24;
const TOP = 8;
/** At least; more where the marks' figures are long. */
const LEFT_MIN = 52;
const TICK_GAP_PX = 8;
const TICKS = 4;
/** A label's letters, at its size, and what is left free beside it. */
const LETTER_PX = 6.5;
const LABEL_GAP_PX = 16;

export const seriesColor = (index: number): string => `var(--chart-${index + 1})`;

/** Stacked bars, drawn to the pixel in the width that there is. The figures are for the eye; a table says them too. */
export function StackedBars({
  label,
  names,
  series,
  format,
  onZoom,
}: {
  readonly label: string;
  /** Of each bar. */
  readonly names: readonly string[];
  readonly series: readonly BarSeries[];
  readonly format: (value: number) => string;
  /** Somebody drew across these bars, from the first to the last. */
  readonly onZoom?: (first: number, last: number) => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [hovered, setHovered] = useState<number | null>(null);
  /** Where drawing began. */
  const [drawnFrom, setDrawnFrom] = useState<number | null>(null);
  useEffect(() => {
    if (!box.current) return undefined;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);

  const totals = names.map((_, bar) => series.reduce((total, { values }) => total + (values[bar] ?? 0), 0));
  const top = niceTop(Math.max(0, ...totals));
  const ticks = Array.from({ length: TICKS + 1 }, (_, tick) => {
    const value = (top / TICKS) * tick;
    return { value, name: format(value) };
  });
  const left = Math.max(LEFT_MIN, LETTER_PX * Math.max(...ticks.map(({ name }) => name.length)) + TICK_GAP_PX);
  const step = (width - left) / Math.max(1, names.length);
  const gap = Math.min(6, step * 0.25);
  const heightOf = (value: number) => (value / top) * (HEIGHT - TOP - BOTTOM);
  const labelPx = LETTER_PX * Math.max(0, ...names.map((name) => name.length)) + LABEL_GAP_PX;
  const labelEvery = Math.max(1, Math.ceil(labelPx / step));

  function barAt({ nativeEvent }: PointerEvent): number | null {
    const bar = Math.floor((nativeEvent.offsetX - left) / step);
    return bar >= 0 && bar < names.length ? bar : null;
  }

  function onPointerUp(): void {
    if (drawnFrom !== null && hovered !== null && hovered !== drawnFrom) {
      onZoom?.(Math.min(drawnFrom, hovered), Math.max(drawnFrom, hovered));
    }
    setDrawnFrom(null);
  }

  const marked =
    hovered === null ? null : { first: Math.min(hovered, drawnFrom ?? hovered), last: Math.max(hovered, drawnFrom ?? hovered) };

  return (
    <div ref={box} className="relative h-[250px]">
      {width > 0 && (
        <svg
          role="img"
          aria-label={label}
          width={width}
          height={HEIGHT}
          className={classNames("block", onZoom && "cursor-crosshair select-none")}
          onPointerMove={(event) => setHovered(barAt(event))}
          onPointerDown={(event) => {
            // A finger scrolls the page.
            if (event.pointerType === "mouse" && event.button === 0) setDrawnFrom(barAt(event));
          }}
          onPointerUp={onPointerUp}
          onPointerLeave={() => {
            setHovered(null);
            setDrawnFrom(null);
          }}
        >
          {ticks.map(({ value, name }) => {
            const y = HEIGHT - BOTTOM - heightOf(value);
            return (
              <g key={value}>
                <line x1={left} x2={width} y1={y} y2={y} stroke="var(--line)" shapeRendering="crispEdges" />
                <text x={left - TICK_GAP_PX} y={y + 4} textAnchor="end" fontSize="11" fill="var(--muted)">
                  {name}
                </text>
              </g>
            );
          })}
          {marked !== null && (
            <rect
              x={left + marked.first * step}
              y={TOP}
              width={(marked.last - marked.first + 1) * step}
              height={HEIGHT - TOP - BOTTOM}
              fill="var(--hover)"
              opacity="0.7"
            />
          )}
          {names.map((name, bar) => {
            let y = HEIGHT - BOTTOM;
            return (
              <g key={name}>
                {series.map(({ name: of, values }, index) => {
                  const height = heightOf(values[bar] ?? 0);
                  y -= height;
                  return height > 0 ? (
                    <rect
                      key={of}
                      x={left + bar * step + gap / 2}
                      y={y}
                      width={Math.max(1, step - gap)}
                      height={height}
                      fill={seriesColor(index)}
                    />
                  ) : null;
                })}
                {bar % labelEvery === 0 && left + bar * step + labelPx - LABEL_GAP_PX <= width && (
                  <text x={left + bar * step} y={HEIGHT - 6} fontSize="11" fill="var(--muted)">
                    {name}
                  </text>
                )}
              </g>
            );
          })}
        </svg>
      )}
      {hovered !== null && (
        <div
          aria-hidden
          className="popup pointer-events-none absolute top-2 z-1 w-52 p-2.5 text-[0.89rem]"
          style={{
            left: Math.max(0, Math.min(width - 208, left + hovered * step + step / 2 - (hovered > names.length / 2 ? 220 : -12))),
          }}
        >
          <p className="mb-1 font-medium">{names[hovered]}</p>
          {series.map(({ name, values }, index) => (
            <p key={name} className="flex items-center gap-2">
              <span className="size-2 shrink-0 rounded-sm" style={{ background: seriesColor(index) }} />
              <span className="min-w-0 flex-1 truncate text-muted">{name}</span>
              <span className="tabular-nums">{format(values[hovered] ?? 0)}</span>
            </p>
          ))}
        </div>
      )}
    </div>
  );
}

/** The next of 1, 2, 4, 5 and 10 times a power of ten, so that the marks are round. */
function niceTop(value: number): number {
  if (value <= 0) return 4;
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 4, 5, 10].find((each) => each * power >= value) ?? 10;
  return factor * power;
}
