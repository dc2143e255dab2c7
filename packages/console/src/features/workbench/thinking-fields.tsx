import { SelectField, TextField } from "../../ui/field.tsx";
import { type Settings, type Thinking, THINKING_BUDGET_MIN } from "./settings.ts";
import { text } from "./text.ts";

export function ThinkingFields({
  settings: { thinking, maxTokens },
  onChange,
}: {
  readonly settings: Settings;
  readonly onChange: (change: Partial<Settings>) => void;
}) {
  function choose(type: string): void {
    if (type !== "enabled") onChange({ thinking: { type: type === "adaptive" ? "adaptive" : "off" } });
    else {
      const next: Thinking = { type: "enabled", budgetTokens: THINKING_BUDGET_MIN };
      onChange({ thinking: next, maxTokens: Math.max(maxTokens, THINKING_BUDGET_MIN * 2) });
    }
  }
  return (
    <div className="grid gap-3">
      <SelectField
        label={text.thinking}
        hint={text.thinkingHint}
        choices={(["off", "enabled", "adaptive"] as const).map((value) => ({ value, label: text.thinkingTypes[value] }))}
        value={thinking.type}
        onChange={(event) => choose(event.target.value)}
      />
      {thinking.type === "enabled" && (
        <TextField
          label={text.thinkingBudget}
          type="number"
          min={THINKING_BUDGET_MIN}
          step={256}
          problem={thinking.budgetTokens >= maxTokens ? text.budgetTooHigh : null}
          value={thinking.budgetTokens}
          onChange={(event) =>
            onChange({
              thinking: { type: "enabled", budgetTokens: Math.trunc(event.target.valueAsNumber) || THINKING_BUDGET_MIN },
            })
          }
        />
      )}
    </div>
  );
}
