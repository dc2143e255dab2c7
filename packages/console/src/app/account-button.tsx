import { ChevronsUpDown } from "lucide-react";
import type { ButtonHTMLAttributes, Ref } from "react";
import { useSession } from "./use-session.ts";

/** Who is signed in; opens the account menu. */
export function AccountButton(props: ButtonHTMLAttributes<HTMLButtonElement> & { readonly ref?: Ref<HTMLButtonElement> }) {
  const { person } = useSession();
  return (
    <button
      type="button"
      {...props}
      className="flex w-full items-center gap-2.5 rounded-lg px-2 py-1.5 text-start transition-colors hover:bg-hover"
    >
      <span
        aria-hidden
        className="grid size-7.5 shrink-0 place-items-center rounded-full bg-accent-soft font-semibold text-accent"
      >
        {Array.from(person.name)[0]?.toUpperCase()}
      </span>
      <span className="min-w-0 flex-1">
        <span className="block truncate leading-tight font-medium">{person.name}</span>
        <span className="block truncate text-[0.86rem] leading-tight text-muted">{person.email}</span>
      </span>
      <ChevronsUpDown size={14} className="text-faint" aria-hidden />
    </button>
  );
}
