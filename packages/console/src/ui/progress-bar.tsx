import { classNames } from "./class-names.ts";

/** How far something is, from 0 to 1. */
export function ProgressBar({
  share,
  label,
  isFull = false,
}: {
  readonly share: number;
  readonly label: string;
  /** There is no more room: it warns. */
  readonly isFull?: boolean;
}) {
  const percent = Math.round(Math.min(1, Math.max(0, share)) * 100);
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      className="h-2 overflow-hidden rounded-full bg-hover"
    >
      <div
        className={classNames("h-full rounded-full transition-[width] duration-300", isFull ? "bg-danger-fill" : "bg-accent")}
        style={{ width: `${percent}%` }}
      />
    </div>
  );
}
