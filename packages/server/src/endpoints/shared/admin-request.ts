import type { z } from "zod";
import type { Act } from "../../tenancy/tenancy-deps.ts";
import { notFound } from "../../tenancy/not-found.ts";
import type { AdminRequest } from "../define-endpoint.ts";
import { refuseQuery } from "./page-query.ts";

/** Bodies of the Admin API are small. */
export const ADMIN_BODY_MAX_BYTES = 256 * 1024;

/** Who acts on which organization, for what is changed and for the audit log. */
export function actOf({ admin, requestId }: AdminRequest): Act {
  return { ...admin, requestId };
}

/** An id of the path. What cannot be one of ours is answered like one that is not there. */
export function idOf({ params }: Pick<AdminRequest, "params">, name: string, what: string): string {
  const id = params[name] ?? "";
  if (!/^[\w-]{1,128}$/.test(id)) throw notFound(what, id);
  return id;
}

const FILTER_MAX_CHARACTERS = 500;

/** The text of a filter; null: there is none. */
export function queryText(query: URLSearchParams, name: string): string | null {
  const text = query.get(name);
  if (text === null || text === "") return null;
  // Nothing that we store is longer.
  if (text.length > FILTER_MAX_CHARACTERS) {
    throw refuseQuery(name, `String should have at most ${FILTER_MAX_CHARACTERS} characters`);
  }
  return text;
}

/** `name[]=a&name[]=b`; null: no such filter. */
export function queryChoices<Schema extends z.ZodEnum>(
  query: URLSearchParams,
  name: string,
  choices: Schema,
): z.infer<Schema>[] | null {
  const values = query.getAll(`${name}[]`);
  if (values.length === 0) return null;
  return values.map((value, index) => choice(value, `${name}.${index}`, choices));
}

export function queryChoice<Schema extends z.ZodEnum>(
  query: URLSearchParams,
  name: string,
  choices: Schema,
): z.infer<Schema> | null {
  const value = query.get(name);
  return value === null || value === "" ? null : choice(value, name, choices);
}

function choice<Schema extends z.ZodEnum>(value: string, path: string, choices: Schema): z.infer<Schema> {
  const parsed = choices.safeParse(value);
  if (parsed.success) return parsed.data;
  const names = choices.options.map((each) => `'${String(each)}'`);
  throw refuseQuery(path, `Input should be ${names.slice(0, -1).join(", ")} or ${names.at(-1)}`);
}

export function queryFlag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name)?.toLowerCase() ?? "";
  if (["true", "1"].includes(value)) return true;
  if (["", "false", "0"].includes(value)) return false;
  throw refuseQuery(name, "Input should be a valid boolean, unable to interpret input");
}
