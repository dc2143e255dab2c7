import { CheckField, SelectField } from "../../ui/field.tsx";
import type { CacheMarks } from "./settings.ts";
import { text } from "./text.ts";

const PLACES = ["tools", "system", "message"] as const;

/** Where `cache_control` stands. */
export function CacheFields({ cache, onChange }: { readonly cache: CacheMarks; readonly onChange: (cache: CacheMarks) => void }) {
  const isOn = PLACES.some((place) => cache[place]);
  return (
    <fieldset className="grid gap-2">
      <legend className="mb-1.5 font-medium">{text.cache}</legend>
      <p className="text-[0.93rem] text-muted">{text.cacheHint}</p>
      {PLACES.map((place) => (
        <CheckField
          key={place}
          label={text.cachePlaces[place]}
          checked={cache[place]}
          onChange={(isMarked) => onChange({ ...cache, [place]: isMarked })}
        />
      ))}
      {isOn && (
        <SelectField
          label={text.cacheTtl}
          choices={[
            { value: "5m", label: text.cacheTtls["5m"] },
            { value: "1h", label: text.cacheTtls["1h"] },
          ]}
          value={cache.ttl}
          onChange={(event) => onChange({ ...cache, ttl: event.target.value === "1h" ? "1h" : "5m" })}
        />
      )}
    </fieldset>
  );
}
