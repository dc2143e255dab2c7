import type { ModelInfo } from "@parley/wire";
import { Switch } from "@base-ui/react/switch";
import { useWorkspaces } from "../../api/workspaces.ts";
import { Button } from "../../ui/button.tsx";
import { SelectField, TextArea, TextField } from "../../ui/field.tsx";
import { parseTools, type Settings, THINKING_BUDGET_MIN } from "./settings.ts";
import { text } from "./text.ts";

const EXAMPLE_TOOLS = `[
  {
    "name": "get_weather",
    "description": "The weather in a city now",
    "input_schema": {
      "type": "object",
      "properties": { "city": { "type": "string" } },
      "required": ["city"]
    }
  }
]`;

export function SettingsPanel({
  settings,
  onChange,
  models,
  workspaceId,
  onWorkspace,
}: {
  readonly settings: Settings;
  readonly onChange: (change: Partial<Settings>) => void;
  readonly models: readonly ModelInfo[];
  readonly workspaceId: string | null;
  readonly onWorkspace: (id: string) => void;
}) {
  const workspaces = useWorkspaces();
  const isThinking = settings.thinkingBudgetTokens !== null;
  return (
    <div className="grid content-start gap-5">
      <SelectField
        label={text.model}
        hint={models.find((model) => model.id === settings.model)?.display_name}
        choices={models.map((model) => ({ value: model.id, label: model.id }))}
        value={settings.model}
        onChange={(event) => onChange({ model: event.target.value })}
      />
      {workspaces.length > 1 && (
        <SelectField
          label={text.workspace}
          choices={workspaces.map((each) => ({ value: each.id, label: each.name }))}
          value={workspaceId ?? ""}
          onChange={(event) => onWorkspace(event.target.value)}
        />
      )}
      <TextArea
        label={text.system}
        placeholder={text.systemPlaceholder}
        rows={4}
        dir="auto"
        value={settings.system}
        onChange={(event) => onChange({ system: event.target.value })}
      />
      <div className="grid grid-cols-2 gap-3">
        <TextField
          label={text.maxTokens}
          hint={text.maxTokensHint}
          type="number"
          min={1}
          value={settings.maxTokens}
          onChange={(event) => onChange({ maxTokens: Math.max(1, Math.trunc(event.target.valueAsNumber) || 1) })}
        />
        <TextField
          label={text.temperature}
          hint={text.temperatureHint}
          type="number"
          min={0}
          max={1}
          step={0.1}
          placeholder={text.modelDefault}
          disabled={isThinking}
          value={settings.temperature ?? ""}
          onChange={(event) => onChange({ temperature: event.target.value === "" ? null : clamp(event.target.valueAsNumber) })}
        />
      </div>
      <div className="grid gap-3">
        <div className="flex items-start gap-3">
          <div className="flex-1">
            <label htmlFor="thinking" className="font-medium">
              {text.thinking}
            </label>
            <p className="text-[0.93rem] text-muted">{text.thinkingHint}</p>
          </div>
          <Switch.Root
            id="thinking"
            checked={isThinking}
            onCheckedChange={(checked) =>
              onChange(
                checked
                  ? {
                      thinkingBudgetTokens: THINKING_BUDGET_MIN,
                      maxTokens: Math.max(settings.maxTokens, THINKING_BUDGET_MIN * 2),
                    }
                  : { thinkingBudgetTokens: null },
              )
            }
            className="mt-0.5 flex h-5.5 w-9.5 shrink-0 cursor-pointer rounded-full border border-transparent bg-line-strong p-0.5 transition-colors data-checked:bg-accent"
          >
            <Switch.Thumb className="size-4 rounded-full bg-white transition-transform data-checked:translate-x-4" />
          </Switch.Root>
        </div>
        {isThinking && (
          <TextField
            label={text.thinkingBudget}
            type="number"
            min={THINKING_BUDGET_MIN}
            step={256}
            problem={(settings.thinkingBudgetTokens ?? 0) >= settings.maxTokens ? text.budgetTooHigh : null}
            value={settings.thinkingBudgetTokens ?? ""}
            onChange={(event) =>
              onChange({ thinkingBudgetTokens: Math.trunc(event.target.valueAsNumber) || THINKING_BUDGET_MIN })
            }
          />
        )}
      </div>
      <div className="grid gap-1.5">
        <TextArea
          label={text.tools}
          hint={text.toolsHint}
          problem={parseTools(settings.tools) === null ? text.toolsProblem : null}
          rows={settings.tools === "" ? 2 : 9}
          spellCheck={false}
          className="font-mono text-[0.89rem]"
          value={settings.tools}
          onChange={(event) => onChange({ tools: event.target.value })}
        />
        {settings.tools === "" && (
          <div>
            <Button size="small" onClick={() => onChange({ tools: EXAMPLE_TOOLS })}>
              {text.toolsExample}
            </Button>
          </div>
        )}
      </div>
    </div>
  );
}

const clamp = (value: number): number => Math.min(1, Math.max(0, Number.isFinite(value) ? value : 0));
