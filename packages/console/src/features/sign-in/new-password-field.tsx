import { TextField } from "../../ui/field.tsx";
import { text } from "./text.ts";

const LENGTH_MIN = 12;

export const isLongEnough = (password: string): boolean => Array.from(password).length >= LENGTH_MIN;

/** Says while typing how much is missing, and nothing else: length is what counts. */
export function NewPasswordField({
  value,
  onChange,
  label,
}: {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly label: string;
}) {
  const missing = LENGTH_MIN - Array.from(value).length;
  return (
    <TextField
      label={label}
      type="password"
      autoComplete="new-password"
      required
      hint={value !== "" && missing > 0 ? text.passwordTooShort(missing) : text.newPasswordHint}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
