import { type ReactNode, useId } from "react";

/** A part of a page with a name of its own. */
export function Section({
  title,
  about,
  actions,
  children,
}: {
  readonly title: string;
  readonly about?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="grid grid-cols-1 gap-3">
      <div className="flex flex-wrap items-end justify-between gap-x-6 gap-y-2">
        <div className="min-w-0">
          <h2 id={id} className="text-[1.1rem] font-semibold">
            {title}
          </h2>
          {about && <p className="max-w-2xl text-muted">{about}</p>}
        </div>
        {actions}
      </div>
      {children}
    </section>
  );
}
