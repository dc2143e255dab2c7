import type { ButtonHTMLAttributes, Ref } from "react";
import { classNames } from "./class-names.ts";
import { Spinner } from "./spinner.tsx";

export type ButtonKind = "primary" | "secondary" | "quiet" | "danger";

const KINDS: Readonly<Record<ButtonKind, string>> = {
  primary: "bg-accent text-accent-ink hover:not-disabled:bg-accent-hover border-transparent",
  secondary: "bg-panel text-ink border-line-strong hover:not-disabled:bg-hover",
  quiet: "bg-transparent text-muted border-transparent hover:not-disabled:bg-hover hover:not-disabled:text-ink",
  danger: "bg-danger-fill text-white border-transparent hover:not-disabled:brightness-110",
};

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly kind?: ButtonKind;
  readonly size?: "normal" | "small" | "large";
  /** Work is under way: shows it and takes no second click. */
  readonly isBusy?: boolean;
  readonly ref?: Ref<HTMLButtonElement>;
}

export function buttonClass(kind: ButtonKind = "secondary", size: "normal" | "small" | "large" = "normal"): string {
  return classNames(
    "relative inline-flex items-center justify-center gap-1.5 rounded-lg border font-medium whitespace-nowrap select-none",
    "transition-colors duration-100 disabled:cursor-not-allowed disabled:opacity-50",
    size === "small" ? "h-7 px-2.5 text-[0.93rem]" : size === "large" ? "h-10 px-4" : "h-8.5 px-3",
    KINDS[kind],
  );
}

export function Button({
  kind = "secondary",
  size = "normal",
  isBusy = false,
  className,
  children,
  disabled,
  type,
  ...rest
}: ButtonProps) {
  return (
    <button
      type={type ?? "button"}
      className={classNames(buttonClass(kind, size), className)}
      disabled={disabled === true || isBusy}
      aria-busy={isBusy || undefined}
      {...rest}
    >
      <span className={classNames("inline-flex items-center gap-1.5", isBusy && "invisible")}>{children}</span>
      {isBusy && (
        <span className="absolute inset-0 grid place-items-center">
          <Spinner />
        </span>
      )}
    </button>
  );
}
