import type { ReactNode } from "react";
import { ErrorNote } from "../../ui/error-note.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";

/** A report that is on its way, failed, or there. */
export function ReportBody<Data>({
  query: { data, error, refetch },
  children,
}: {
  readonly query: {
    readonly data: Data | undefined;
    readonly error: unknown;
    readonly refetch: () => Promise<unknown>;
  };
  readonly children: (data: Data) => ReactNode;
}) {
  return (
    <>
      {error ? <ErrorNote error={error} onRetry={() => void refetch()} /> : null}
      {data === undefined && !error && (
        <div className="panel">
          <SkeletonRows rows={6} />
        </div>
      )}
      {data !== undefined && children(data)}
    </>
  );
}
