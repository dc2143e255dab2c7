/** Dollars as somebody types them, as whole cents of the API; null: not an amount. */
export function toCents(dollars: string): string | null {
  const match = /^(\d{1,9})(?:[.,](\d{1,2}))?$/.exec(dollars.trim());
  return match ? String(Number(match[1]) * 100 + Number((match[2] ?? "").padEnd(2, "0"))) : null;
}

export const toDollars = (cents: string): string => String(Number(cents) / 100);
