import { CopyButton } from "./copy-button.tsx";
import { classNames } from "./class-names.ts";

/** Lines to copy. `shown` is for the eyes where the whole thing is not to be seen, as with a key. */
export function CodeBlock({
  code,
  shown = code,
  label,
  className,
}: {
  readonly code: string;
  readonly shown?: string;
  readonly label: string;
  readonly className?: string;
}) {
  return (
    <div className={classNames("grid grid-cols-[minmax(0,1fr)_auto] rounded-lg border border-line bg-sunken", className)}>
      <pre
        role="region"
        tabIndex={0}
        aria-label={label}
        className="overflow-x-auto rounded-lg py-3 ps-3.5 font-mono text-[0.9rem] leading-relaxed"
      >
        <code>{shown}</code>
      </pre>
      <div className="relative p-1">
        <CopyButton value={code} />
      </div>
    </div>
  );
}
