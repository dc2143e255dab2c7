/** The part of OpenAPI 3.1 that Parley's document uses. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly security?: readonly unknown[];
  readonly parameters?: readonly {
    readonly in: string;
    readonly name: string;
    readonly required?: boolean;
    readonly schema: Schema;
  }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}

type Content = Readonly<Record<string, { readonly schema: Schema }>>;

export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const HEAD = "<!-- Generated from the schemas by `npx vitest run --project unit packages/server/test/docs -u`. Do not edit. -->";

/** One page of operations. */
export function renderOperations(document: Document): string {
  const sections = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => renderOperation(`${method.toUpperCase()} ${path}`, operation)),
  );
  return `${HEAD}\n\n# Endpoints\n\nThe same as \`GET /openapi.json\` of a running Parley. Shapes are in [schemas.md](schemas.md).\n\n${sections.join("\n")}`;
}

/** One page of shapes. */
export function renderSchemas(document: Document): string {
  const sections = Object.entries(document.components.schemas).map(([name, schema]) => `## ${name}\n\n${renderSchema(schema)}\n`);
  return `${HEAD}\n\n# Schemas\n\n${sections.join("\n")}`;
}

function renderOperation(title: string, { operationId, summary, security, parameters = [], ...operation }: Operation): string {
  const lines = [`## ${title}`, "", `${summary} (\`${operationId}\`). ${security ? "Needs an API key." : "Needs no key."}`, ""];
  if (parameters.length > 0) {
    const rows = parameters.map(({ name, in: place, required, schema }) => [
      `\`${name}\``,
      place,
      required ? "yes" : "",
      typeText(schema, "schemas.md"),
    ]);
    lines.push(table(["Parameter", "In", "Required", "Type"], rows), "");
  }
  if (operation.requestBody) lines.push(`Body: ${contentText(operation.requestBody.content)}.`, "");
  const reply = contentText(operation.responses["200"]?.content ?? {});
  if (reply !== "") lines.push(`Reply: ${reply}.`, "");
  const error = contentText(operation.responses["default"]?.content ?? {});
  if (error !== "") lines.push(`Errors: ${error}.`, "");
  return lines.join("\n");
}

function contentText(content: Content): string {
  return Object.entries(content)
    .map(([type, { schema }]) => `\`${type}\` ${typeText(schema, "schemas.md")}`)
    .join("; ");
}

function renderSchema(schema: Schema): string {
  const about = schema.description ? `${schema.description}\n\n` : "";
  const options = schema.anyOf ?? schema.oneOf;
  if (options) return `${about}One of:\n\n${options.map((option) => `- ${typeText(option, "")}`).join("\n")}`;
  if (!schema.properties) return `${about}${typeText(schema, "")}`;
  const rows = Object.entries(schema.properties).map(([name, property]) => [
    `\`${name}\``,
    schema.required?.includes(name) ? "yes" : "",
    typeText(property, ""),
  ]);
  return about + table(["Field", "Required", "Type"], rows);
}

/** A type in one line; a named one is a link into `page`. */
function typeText(schema: Schema, page: string): string {
  if (schema.$ref) {
    const name = schema.$ref.split("/").at(-1) ?? "";
    return `[${name}](${page}#${name.toLowerCase()})`;
  }
  const options = schema.anyOf ?? schema.oneOf;
  if (options) return [...new Set(options.map((option) => typeText(option, page)))].join(" or ");
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum) return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(" or ");
  if (schema.items) return `list of ${typeText(schema.items, page)}`;
  if (schema.properties) {
    const inner = Object.entries(schema.properties).map(([name, property]) => `\`${name}\`: ${typeText(property, page)}`);
    return `{ ${inner.join(", ")} }`;
  }
  if (schema.type === undefined) return "anything";
  return typeof schema.type === "string" ? schema.type : schema.type.join(" or ");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", String.raw`\|`)).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
