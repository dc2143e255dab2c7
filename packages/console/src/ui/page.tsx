import { type ReactNode, useEffect } from "react";
import { classNames } from "./class-names.ts";

/** The head of a page; it also names the browser's tab. */
export function Page({
  title,
  about,
  actions,
  children,
  isNarrow = false,
  isWide = false,
}: {
  readonly title: string;
  readonly about?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
  /** For what is read from top to bottom. */
  readonly isNarrow?: boolean;
  /** For tables of many columns. */
  readonly isWide?: boolean;
}) {
  useEffect(() => {
    document.title = `${title} · Parley`;
  }, [title]);
  return (
    <div
      className={classNames(
        "mx-auto w-full px-4 pt-6 pb-16 sm:px-8 sm:pt-9",
        isNarrow ? "max-w-3xl" : isWide ? "max-w-7xl" : "max-w-5xl",
      )}
    >
      <header className="mb-6 flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
        <div className="min-w-0">
          <h1 className="text-[1.55rem] leading-tight font-semibold tracking-tight">{title}</h1>
          {about && <p className="mt-1.5 max-w-2xl text-muted">{about}</p>}
        </div>
        {actions && <div className="flex gap-2">{actions}</div>}
      </header>
      {children}
    </div>
  );
}
