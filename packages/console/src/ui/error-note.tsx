import { CircleAlert, X } from "lucide-react";
import type { ReactNode } from "react";
import { ApiError } from "../api/api-error.ts";
import { Button } from "./button.tsx";
import { CopyButton } from "./copy-button.tsx";
import { IconButton } from "./icon-button.tsx";
import { text } from "./text.ts";

/** What went wrong, what to do, and the request's id for those who run the server. */
export function ErrorNote({
  error,
  onRetry,
  onClose,
  children,
}: {
  readonly error: unknown;
  readonly onRetry?: () => void;
  readonly onClose?: () => void;
  readonly children?: ReactNode;
}) {
  const isApi = error instanceof ApiError;
  const title = (isApi ? text.errorTitles[error.type] : undefined) ?? text.errorTitles["api_error"];
  return (
    <div role="alert" className="flex gap-3 rounded-lg border border-danger/35 bg-danger-soft p-3.5">
      <CircleAlert size={17} className="mt-0.5 shrink-0 text-danger" aria-hidden />
      <div className="min-w-0 flex-1">
        <p className="font-medium">{title}</p>
        <p className="text-[0.96rem] break-words">
          {isApi ? error.message : text.unknownError}
          {isApi && error.retryAfterSeconds !== null && ` ${text.tryAgainIn(error.retryAfterSeconds)}`}
        </p>
        {isApi && error.requestId !== null && (
          <p className="mt-1 flex items-center gap-1 text-[0.86rem] text-muted">
            <span className="whitespace-nowrap">{text.requestId}</span>{" "}
            <code className="font-mono break-all">{error.requestId}</code>
            <CopyButton value={error.requestId} label={text.copyRequestId} />
          </p>
        )}
        {children}
      </div>
      {onRetry && (
        <Button size="small" onClick={onRetry}>
          {text.retry}
        </Button>
      )}
      {onClose && <IconButton icon={X} label={text.close} className="-mt-1 -me-1 size-7" onClick={onClose} />}
    </div>
  );
}
