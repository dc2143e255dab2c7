import { TextField } from "./field.tsx";
import { text } from "./text.ts";

/** A code of the authenticator app; `takesRecovery` where a recovery code does as well. */
export function CodeField({
  value,
  onChange,
  autoFocus = false,
  takesRecovery = true,
}: {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly autoFocus?: boolean;
  readonly takesRecovery?: boolean;
}) {
  return (
    <TextField
      label={text.code}
      hint={takesRecovery ? text.codeHint : undefined}
      autoComplete="one-time-code"
      required
      autoFocus={autoFocus}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
