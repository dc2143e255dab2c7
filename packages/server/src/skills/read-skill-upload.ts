import type { BusboyInstance } from "@fastify/busboy";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { isParserError, notMultipart, openForm } from "../files/open-form.ts";
import { fail } from "../platform/fail.ts";
import { assembleSkill, type UploadedSkill } from "./assemble-skill.ts";
import { readZip } from "./read-zip.ts";
import { refuseSkill, shown } from "./refuse-skill.ts";
import type { SkillFile } from "./skill-file.ts";
import { SKILL_MAX_BYTES, SKILL_MAX_FILES, tooLargeText, tooManyText } from "./skill-limits.ts";

/** A form with a skill of the largest size: each part has some lines of its own. */
export const SKILL_FORM_MAX_BYTES = SKILL_MAX_BYTES + 1024 * 1024;
const FIELD_MAX_BYTES = 4_096;
const LABEL_MAX_CHARACTERS = 255;
const ZIP_MAGIC = Buffer.from("PK\u0003\u0004");

/** Clients write the list with brackets; some without. */
const FILE_FIELDS = new Set(["files[]", "files"]);

export interface SkillUpload {
  readonly skill: UploadedSkill;
  /** The human's label; null: none was given. */
  readonly label: string | null;
}

/**
 * Reads a multipart form with the files of a skill, or with one zip archive of them. `labelField` is what this client calls
 * the human's label; null: the form has none. Throws `invalid_request_error`. At most the form and what is unpacked of it are
 * held in memory, each bounded.
 */
export async function readSkillUpload(
  contentType: string | undefined,
  body: Readable,
  labelField: "display_name" | "display_title" | null,
): Promise<SkillUpload> {
  const form = openForm(contentType, {
    isFile: (field, filename) => FILE_FIELDS.has(field) || filename !== undefined,
    limits: {
      fileSize: SKILL_MAX_BYTES,
      files: SKILL_MAX_FILES,
      fields: 4,
      parts: SKILL_MAX_FILES + 5,
      fieldSize: FIELD_MAX_BYTES,
    },
  });
  const received = collect(form, labelField);
  try {
    await pipeline(body, form);
  } catch (error) {
    throw isParserError(error) ? notMultipart() : error;
  }
  const { files, fields } = received;
  if (files.length === 0) throw fail("invalid_request_error", { public: "files: Field required" });
  const [first] = files;
  const isArchive = files.length === 1 && first !== undefined && first.content.subarray(0, 4).equals(ZIP_MAGIC);
  const skill = assembleSkill(isArchive ? await readZip(first.content) : files);
  return { skill, label: labelField === null ? null : parseLabel(labelField, fields.get(labelField)) };
}

function collect(form: BusboyInstance, labelField: string | null) {
  const files: SkillFile[] = [];
  const fields = new Map<string, string>();
  let totalBytes = 0;
  const refuse = (text: string): void => void form.destroy(refuseSkill(text));
  form.on("file", (field, stream, name: string | undefined) => {
    if (!FILE_FIELDS.has(field)) return refuse(`${shown(field)}: Extra inputs are not permitted`);
    if (name === undefined || name === "")
      return refuse("files: each file needs a filename, its path below the top-level folder");
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => {
      totalBytes += chunk.length;
      if (totalBytes > SKILL_MAX_BYTES) return refuse(tooLargeText);
      chunks.push(chunk);
    });
    stream.once("limit", () => refuse(tooLargeText));
    stream.once("end", () => files.push({ path: name, content: Buffer.concat(chunks), isExecutable: false }));
  });
  form.on("field", (field, value) => {
    if (field !== labelField) return refuse(`${shown(field)}: Extra inputs are not permitted`);
    fields.set(field, value);
  });
  form.once("filesLimit", () => refuse(tooManyText));
  form.once("partsLimit", () => refuse("The form has too many parts"));
  form.once("fieldsLimit", () => refuse("The form has too many parts"));
  return { files, fields };
}

function parseLabel(field: string, value: string | undefined): string | null {
  if (value === undefined || value === "") return null;
  const refuse = (text: string) => fail("invalid_request_error", { public: `${field}: ${text}` });
  if (value.length > LABEL_MAX_CHARACTERS) throw refuse(`String should have at most ${LABEL_MAX_CHARACTERS} characters`);
  if (/[\r\n]/.test(value)) throw refuse("String should be a single line");
  if (value.trim() === "") throw refuse("String should not be blank");
  return value;
}
