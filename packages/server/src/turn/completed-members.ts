/**
 * The members of a JSON object that was cut off, as far as they are complete: `{"a":1,"b":[2` gives `{ a: 1 }`. A number
 * or word that the cut touches counts as incomplete, for it might have gone on; a string is complete at its quote.
 */
export function completedMembers(json: string): Record<string, unknown> {
  let depth = 0;
  let inString = false;
  let inValue = false;
  // Where the last complete member ends.
  let complete = 0;
  for (let at = 0; at < json.length; at++) {
    const character = json[at];
    if (inString) {
      if (character === "\\") at++;
      else if (character === '"') {
        inString = false;
        if (depth === 1 && inValue) complete = at + 1;
      }
    } else if (character === '"') inString = true;
    else if (character === "{" || character === "[") depth++;
    else if (character === "}" || character === "]") {
      depth--;
      if (depth === 1) complete = at + 1;
      else if (depth === 0) {
        complete = at;
        break;
      }
    } else if (character === ":" && depth === 1) inValue = true;
    else if (character === "," && depth === 1) {
      inValue = false;
      complete = at;
    }
  }
  return complete === 0 ? {} : parseObject(`${json.slice(0, complete)}}`);
}

/** Output that was decoded without a grammar may be no JSON at all: then nothing of it is complete. */
function parseObject(json: string): Record<string, unknown> {
  try {
    return JSON.parse(json) as Record<string, unknown>;
  } catch {
    return {};
  }
}
