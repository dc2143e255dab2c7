import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

/** Nothing here yet: what belongs here, and how to begin. */
export function EmptyState({
  icon: Icon,
  title,
  children,
  action,
}: {
  readonly icon: LucideIcon;
  readonly title: string;
  readonly children: ReactNode;
  readonly action?: ReactNode;
}) {
  return (
    <div className="grid grid-cols-1 justify-items-center px-6 py-14 text-center">
      <span className="grid size-11 place-items-center rounded-xl bg-accent-soft text-accent">
        <Icon size={21} aria-hidden />
      </span>
      <h2 className="mt-4 text-[1.08rem] font-semibold">{title}</h2>
      <p className="mt-1 max-w-md text-muted">{children}</p>
      {action && <div className="mt-5 grid w-full grid-cols-1 justify-items-center">{action}</div>}
    </div>
  );
}
