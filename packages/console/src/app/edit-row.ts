/** What becomes of one row: other values in some of its fields, or null, and it is gone. */
export interface RowEdit<Row> {
  readonly id: string;
  readonly fields: Partial<Row> | null;
}

/**
 * The same data with one row edited, in whatever way a query holds its rows: a list, a page of one, or many pages. Anything else
 * is left as it is.
 */
export function editRow(data: unknown, edit: RowEdit<object>): unknown {
  if (Array.isArray(data)) return data.flatMap((row: unknown) => editIfMeant(row, edit));
  if (!isObject(data)) return data;
  if (Array.isArray(data["pages"])) return { ...data, pages: data["pages"].map((page: unknown) => editRow(page, edit)) };
  if (Array.isArray(data["data"])) return { ...data, data: editRow(data["data"], edit) };
  return data;
}

function editIfMeant(row: unknown, { id, fields }: RowEdit<object>): readonly unknown[] {
  if (!isObject(row) || row["id"] !== id) return [row];
  return fields === null ? [] : [{ ...row, ...fields }];
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === "object" && value !== null;
