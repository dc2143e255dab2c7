import { Button } from "../../ui/button.tsx";
import { TextArea } from "../../ui/field.tsx";
import { text } from "./text.ts";

/** JSON that is checked while it is written; empty is fine. */
export function JsonField({
  label,
  hint,
  example,
  problem,
  value,
  onChange,
}: {
  readonly label: string;
  readonly hint: string;
  readonly example: string;
  readonly problem: string | null;
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  return (
    <div className="grid gap-1.5">
      <TextArea
        label={label}
        hint={hint}
        problem={problem}
        rows={value === "" ? 2 : 9}
        spellCheck={false}
        className="font-mono text-[0.89rem]"
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
      {value === "" && (
        <div>
          <Button size="small" aria-label={text.exampleOf(label)} onClick={() => onChange(example)}>
            {text.example}
          </Button>
        </div>
      )}
    </div>
  );
}
