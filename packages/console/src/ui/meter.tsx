import { classNames } from "./class-names.ts";

const WARN_SHARE = 0.75;
const FULL_SHARE = 0.95;

/** How much of something is used; its colour warns before it is full. */
export function Meter({
  label,
  used,
  of,
  text,
}: {
  readonly label: string;
  readonly used: number;
  readonly of: number;
  /** The same in words, shown below. */
  readonly text: string;
}) {
  const share = of <= 0 ? 1 : Math.min(1, Math.max(0, used / of));
  return (
    <div className="min-w-24">
      <div
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={of}
        aria-valuenow={Math.min(of, Math.max(0, used))}
        aria-valuetext={text}
        className="h-1.5 overflow-hidden rounded-full bg-hover"
      >
        <div
          className={classNames(
            "h-full rounded-full",
            share >= FULL_SHARE ? "bg-danger" : share >= WARN_SHARE ? "bg-warn" : "bg-accent",
          )}
          style={{ width: `${100 * share}%` }}
        />
      </div>
      <p className="mt-1 text-[0.89rem] text-muted tabular-nums">{text}</p>
    </div>
  );
}
