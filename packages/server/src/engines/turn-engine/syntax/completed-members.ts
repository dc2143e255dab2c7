import { JsonCursor } from "./json-cursor.ts";

/** The complete top-level members of a JSON object that was cut off. */
export function completedMembers(partialJson: string): Readonly<Record<string, unknown>> {
  const cursor = new JsonCursor();
  let end = -1;
  for (let index = 0; index < partialJson.length; index += 1) {
    const wasTop = cursor.open.length === 1;
    cursor.push(partialJson[index] ?? "");
    if (cursor.done) return parseObject(partialJson.slice(0, index + 1)) ?? {};
    const unit = partialJson[index];
    if (cursor.open.length !== 1) continue;
    // A comma ends a member; so does the end of a string, object or array. A number may go on.
    if (wasTop && unit === "," && cursor.place === "key") end = index;
    else if (cursor.place === "after" && (unit === '"' || unit === "}" || unit === "]")) end = index + 1;
  }
  return end < 0 ? {} : (parseObject(`${partialJson.slice(0, end)}}`) ?? {});
}

function parseObject(json: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
