import { type RefObject, useEffect, useRef, useState } from "react";

/** Rows above and below the screen, so that a quick scroll shows no gap; and how many come and go at once. */
const OVERSCAN_ROWS = 12;
const STEP_ROWS = 8;

export interface WindowedRows {
  /** For the box that holds the rows; its height is that of all of them. */
  readonly box: RefObject<HTMLDivElement | null>;
  readonly heightPx: number;
  /** Which rows to draw: the first, and the one after the last. */
  readonly first: number;
  readonly end: number;
}

/** Draws of many rows of one height only those near the screen, while the page itself scrolls. */
export function useWindowedRows(count: number, rowHeightPx: number): WindowedRows {
  const box = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState({ first: 0, end: OVERSCAN_ROWS * 3 });
  useEffect(() => {
    const measure = () => {
      const top = box.current?.getBoundingClientRect().top ?? 0;
      const first = Math.floor((-top / rowHeightPx - OVERSCAN_ROWS) / STEP_ROWS) * STEP_ROWS;
      const end = Math.ceil(((window.innerHeight - top) / rowHeightPx + OVERSCAN_ROWS) / STEP_ROWS) * STEP_ROWS;
      setSeen((before) => (before.first === first && before.end === end ? before : { first, end }));
    };
    measure();
    window.addEventListener("scroll", measure, { passive: true });
    window.addEventListener("resize", measure);
    return () => {
      window.removeEventListener("scroll", measure);
      window.removeEventListener("resize", measure);
    };
  }, [rowHeightPx]);
  const first = Math.min(Math.max(0, seen.first), count);
  return { box, heightPx: count * rowHeightPx, first, end: Math.min(Math.max(first, seen.end), count) };
}
