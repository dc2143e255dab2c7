import { text } from "./text.ts";

/** Rows in the size of what is coming, so that nothing jumps. */
export function SkeletonRows({ rows, rowClass = "h-13" }: { readonly rows: number; readonly rowClass?: string }) {
  return (
    <div role="status" aria-label={text.loading} className="divide-y divide-line">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className={`flex items-center gap-4 px-4 ${rowClass}`}>
          <div className="h-3 w-1/4 animate-pulse rounded bg-hover" />
          <div className="h-3 w-1/3 animate-pulse rounded bg-hover" />
          <div className="ms-auto h-3 w-16 animate-pulse rounded bg-hover" />
        </div>
      ))}
    </div>
  );
}
