/** A model as Vertex names it (`claude-sonnet-4-5@20250929`, `claude-3-5-sonnet-v2@20241022`) as the API does. */
export function toModelId(vertexId: string): string {
  const [name = "", version] = vertexId.split("@", 2);
  if (version === undefined || version === "default" || version === "latest") return name;
  // What Vertex counts as a second version is at Anthropic's only a later date.
  return `${name.replace(/-v\d+$/, "")}-${version}`;
}
