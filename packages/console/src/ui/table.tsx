import type { ReactNode } from "react";
import { classNames } from "./class-names.ts";

export interface Column<Row> {
  readonly name: string;
  /** For columns of buttons, whose head shows nothing. */
  readonly isNameHidden?: boolean;
  readonly isNumber?: boolean;
  /** Left out where the screen is narrow. */
  readonly isSecondary?: boolean;
  readonly cell: (row: Row) => ReactNode;
}

export function Table<Row>({
  label,
  columns,
  rows,
  keyOf,
}: {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
}) {
  return (
    <div className="relative overflow-x-auto" role="region" aria-label={label} tabIndex={0}>
      <table className="w-full border-collapse">
        <thead>
          <tr className="border-b border-line text-start">
            {columns.map(({ name, isNameHidden, isNumber, isSecondary }) => (
              <th
                key={name}
                scope="col"
                className={classNames(
                  "px-4 py-2.5 text-[0.89rem] font-medium whitespace-nowrap text-muted",
                  isNumber ? "text-end" : "text-start",
                  isSecondary && "hidden md:table-cell",
                )}
              >
                <span className={isNameHidden ? "sr-only" : ""}>{name}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {rows.map((row) => (
            <tr key={keyOf(row)} className="transition-colors hover:bg-hover/45">
              {columns.map(({ name, cell, isNumber, isSecondary }) => (
                <td
                  key={name}
                  className={classNames(
                    "px-4 py-2.5",
                    isNumber && "text-end tabular-nums",
                    isSecondary && "hidden md:table-cell",
                  )}
                >
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
