import { TextArea } from "../../ui/field.tsx";
import { text } from "./text.ts";
import type { Values } from "./variables.ts";

/** A field for each variable of the prompt. */
export function VariablesFields({
  names,
  values,
  onChange,
}: {
  readonly names: readonly string[];
  readonly values: Values;
  readonly onChange: (values: Values) => void;
}) {
  if (names.length === 0) return null;
  return (
    <fieldset className="grid gap-2.5">
      <legend className="mb-1 font-medium">{text.variables}</legend>
      <p className="text-[0.93rem] text-muted">{text.variablesAbout}</p>
      {names.map((name) => (
        <TextArea
          key={name}
          label={name}
          rows={1}
          dir="auto"
          className="field-sizing-content font-mono text-[0.93rem]"
          value={values[name] ?? ""}
          onChange={(event) => onChange({ ...values, [name]: event.target.value })}
        />
      ))}
    </fieldset>
  );
}
