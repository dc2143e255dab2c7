import type { ModelInfo } from "@parley/wire";
import { CheckField, SelectField, TextArea, TextField } from "../../ui/field.tsx";
import { CacheFields } from "./cache-fields.tsx";
import { JsonField } from "./json-field.tsx";
import { schemaProblem, toolsProblem } from "./json-problem.ts";
import type { Settings } from "./settings.ts";
import { text } from "./text.ts";
import { ThinkingFields } from "./thinking-fields.tsx";

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

const EXAMPLE_SCHEMA = `{
  "type": "object",
  "properties": {
    "sentiment": { "type": "string", "enum": ["good", "bad"] },
    "reason": { "type": "string" }
  },
  "required": ["sentiment", "reason"],
  "additionalProperties": false
}`;

/** Everything of a request but its messages. */
export function SettingsPanel({
  settings,
  onChange,
  models,
}: {
  readonly settings: Settings;
  readonly onChange: (change: Partial<Settings>) => void;
  readonly models: readonly ModelInfo[];
}) {
  return (
    <div className="grid content-start gap-5">
      <SelectField
        label={text.model}
        hint={models.find((model) => model.id === settings.model)?.display_name}
        choices={models.map((model) => ({ value: model.id, label: model.id }))}
        value={settings.model}
        onChange={(event) => onChange({ model: event.target.value })}
      />
      <TextArea
        label={text.system}
        placeholder={text.systemPlaceholder}
        hint={text.variablesHint}
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
          disabled={settings.thinking.type !== "off"}
          value={settings.temperature ?? ""}
          onChange={(event) => onChange({ temperature: event.target.value === "" ? null : clamp(event.target.valueAsNumber) })}
        />
      </div>
      <ThinkingFields settings={settings} onChange={onChange} />
      <JsonField
        label={text.tools}
        hint={text.toolsHint}
        example={EXAMPLE_TOOLS}
        problem={toolsProblem(settings.tools)}
        value={settings.tools}
        onChange={(tools) => onChange({ tools })}
      />
      <JsonField
        label={text.outputSchema}
        hint={text.outputSchemaHint}
        example={EXAMPLE_SCHEMA}
        problem={schemaProblem(settings.outputSchema)}
        value={settings.outputSchema}
        onChange={(outputSchema) => onChange({ outputSchema })}
      />
      <CheckField
        label={text.cite}
        hint={text.citeHint}
        checked={settings.isCiting}
        onChange={(isCiting) => onChange({ isCiting })}
      />
      <CacheFields cache={settings.cache} onChange={(cache) => onChange({ cache })} />
    </div>
  );
}

const clamp = (value: number): number => Math.min(1, Math.max(0, Number.isFinite(value) ? value : 0));
