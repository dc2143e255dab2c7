import { TextField } from "../../ui/field.tsx";

/** An amount in dollars. */
export function AmountField({
  label,
  hint,
  value,
  onChange,
}: {
  readonly label: string;
  readonly hint?: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  return (
    <TextField
      label={label}
      hint={hint}
      inputMode="decimal"
      pattern="\d{1,9}([.,]\d{1,2})?"
      placeholder="100"
      required
      autoComplete="off"
      value={value}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
