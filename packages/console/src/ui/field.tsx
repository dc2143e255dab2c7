import { ChevronDown } from "lucide-react";
import {
  type InputHTMLAttributes,
  type ReactNode,
  type Ref,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useId,
} from "react";
import { classNames } from "./class-names.ts";

const CONTROL =
  "w-full rounded-lg border border-line-strong bg-panel px-3 text-ink placeholder:text-faint transition-colors hover:border-faint aria-invalid:border-danger disabled:opacity-60";

interface FieldProps {
  readonly label: string;
  readonly hint?: ReactNode;
  /** What is wrong with the value. */
  readonly problem?: string | null | undefined;
  /** Kept for those who cannot see, where the layout says it already. */
  readonly isLabelHidden?: boolean | undefined;
}

function Frame({ label, hint, problem, isLabelHidden, id, children }: FieldProps & { id: string; children: ReactNode }) {
  return (
    <div className="grid gap-1.5">
      <label htmlFor={id} className={classNames("font-medium", isLabelHidden && "sr-only")}>
        {label}
      </label>
      {children}
      {problem ? (
        <p id={`${id}-problem`} className="text-[0.93rem] text-danger">
          {problem}
        </p>
      ) : (
        hint && (
          <p id={`${id}-hint`} className="text-[0.93rem] text-muted">
            {hint}
          </p>
        )
      )}
    </div>
  );
}

/** What frames a control, and what the control says of its frame. */
function useField({ label, hint, problem = null, isLabelHidden = false }: FieldProps) {
  const id = useId();
  return {
    frame: { id, label, hint, problem, isLabelHidden },
    control: {
      id,
      "aria-invalid": problem ? true : undefined,
      "aria-describedby": problem ? `${id}-problem` : hint ? `${id}-hint` : undefined,
    },
  };
}

export function TextField({
  label,
  hint,
  problem,
  isLabelHidden,
  className,
  ...rest
}: FieldProps & InputHTMLAttributes<HTMLInputElement> & { readonly ref?: Ref<HTMLInputElement> }) {
  const { frame, control } = useField({ label, hint, problem, isLabelHidden });
  return (
    <Frame {...frame}>
      <input {...control} className={classNames(CONTROL, "h-9.5", className)} {...rest} />
    </Frame>
  );
}

export function TextArea({
  label,
  hint,
  problem,
  isLabelHidden,
  className,
  ...rest
}: FieldProps & TextareaHTMLAttributes<HTMLTextAreaElement> & { readonly ref?: Ref<HTMLTextAreaElement> }) {
  const { frame, control } = useField({ label, hint, problem, isLabelHidden });
  return (
    <Frame {...frame}>
      <textarea {...control} className={classNames(CONTROL, "py-2", className)} {...rest} />
    </Frame>
  );
}

export interface Choice {
  readonly value: string;
  readonly label: string;
}

/** The browser's own list: quick, complete with the keyboard, and native on a phone. */
export function SelectField({
  label,
  hint,
  problem,
  isLabelHidden,
  choices,
  className,
  ...rest
}: FieldProps & SelectHTMLAttributes<HTMLSelectElement> & { readonly choices: readonly Choice[] }) {
  const { frame, control } = useField({ label, hint, problem, isLabelHidden });
  return (
    <Frame {...frame}>
      <div className={classNames("relative", className)}>
        <select {...control} className={classNames(CONTROL, "h-9.5 appearance-none truncate pe-8")} {...rest}>
          {choices.map((choice) => (
            <option key={choice.value} value={choice.value}>
              {choice.label}
            </option>
          ))}
        </select>
        <ChevronDown size={15} className="pointer-events-none absolute end-2.5 top-3 text-muted" aria-hidden />
      </div>
    </Frame>
  );
}

/** Something that is so or not, with what that means. */
export function CheckField({
  label,
  hint,
  checked,
  onChange,
}: {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly checked: boolean;
  readonly onChange: (isChecked: boolean) => void;
}) {
  const id = useId();
  return (
    <div className="flex items-start gap-3">
      <input
        id={id}
        type="checkbox"
        aria-describedby={hint ? `${id}-hint` : undefined}
        className="mt-0.5 size-4.5 shrink-0 accent-accent"
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
      />
      <div>
        <label htmlFor={id} className="font-medium">
          {label}
        </label>
        {hint && (
          <p id={`${id}-hint`} className="text-[0.93rem] text-muted">
            {hint}
          </p>
        )}
      </div>
    </div>
  );
}
