import { type ReactNode, useEffect } from "react";
import { Logo } from "../../app/logo.tsx";
import { forgetTab } from "../../app/tab-memory.ts";

/** The calm page around the forms that lead in. */
export function EntryPage({
  title,
  about,
  children,
}: {
  readonly title: string;
  readonly about?: ReactNode;
  readonly children: ReactNode;
}) {
  useEffect(forgetTab, []);
  useEffect(() => {
    document.title = `${title} · Parley`;
  }, [title]);
  return (
    <main className="grid min-h-dvh place-items-center px-4 py-10">
      <div className="w-full max-w-sm">
        <div className="mb-7 grid justify-items-center text-center">
          <Logo size={44} />
          <h1 className="mt-5 text-[1.5rem] leading-tight font-semibold tracking-tight">{title}</h1>
          {about && <p className="mt-2 text-muted">{about}</p>}
        </div>
        {children}
      </div>
    </main>
  );
}
