import type { LucideIcon } from "lucide-react";
import { classNames } from "./class-names.ts";
import type { ButtonProps } from "./button.tsx";

export interface IconButtonProps extends Omit<ButtonProps, "kind" | "size" | "isBusy" | "children"> {
  readonly icon: LucideIcon;
  readonly label: string;
}

/** A button that shows only a picture; its label is read aloud and shown on hover. */
export function IconButton({ icon: Icon, label, className, type, ...rest }: IconButtonProps) {
  return (
    <button
      type={type ?? "button"}
      aria-label={label}
      title={label}
      className={classNames(
        "inline-grid size-8 shrink-0 place-items-center rounded-lg text-muted transition-colors hover:not-disabled:bg-hover hover:not-disabled:text-ink disabled:opacity-50",
        className,
      )}
      {...rest}
    >
      <Icon size={16} strokeWidth={1.9} aria-hidden />
    </button>
  );
}
