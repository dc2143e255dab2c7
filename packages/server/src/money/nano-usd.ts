const NANO_PER_CENT = 10_000_000n;
const NANO_PER_USD = 1_000_000_000n;

/** Nano-dollars as cents without a rounding: `"12050.5"`. */
export function formatCents(nanoUsd: bigint): string {
  return formatDecimal(nanoUsd, NANO_PER_CENT);
}

/** Nano-dollars as dollars without a rounding: `"120.505"`. */
export function formatUsd(nanoUsd: bigint): string {
  return formatDecimal(nanoUsd, NANO_PER_USD);
}

/** Whole cents, as the platform writes the amount of a limit. */
export function centsToNanoUsd(cents: bigint): bigint {
  return cents * NANO_PER_CENT;
}

/** Dollars with up to nine decimals. */
export function usdToNanoUsd(usd: number): bigint {
  const [whole = "0", fraction = ""] = usd.toFixed(9).split(".");
  return BigInt(whole) * NANO_PER_USD + BigInt(fraction.padEnd(9, "0"));
}

function formatDecimal(nanoUsd: bigint, unit: bigint): string {
  const sign = nanoUsd < 0n ? "-" : "";
  const amount = nanoUsd < 0n ? -nanoUsd : nanoUsd;
  const digits = String(unit).length - 1;
  const fraction = String(amount % unit)
    .padStart(digits, "0")
    .replace(/0+$/, "");
  return `${sign}${amount / unit}${fraction === "" ? "" : `.${fraction}`}`;
}
