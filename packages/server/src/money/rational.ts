/** An exact fraction; the denominator is positive. Prices are multiplied by fractions and rounded once, at the end. */
export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

export function rational(numerator: bigint, denominator = 1n): Rational {
  if (denominator <= 0n) throw new RangeError("a denominator is positive");
  return { numerator, denominator };
}

export const ONE = rational(1n);
export const ZERO = rational(0n);

export function multiply(...factors: readonly Rational[]): Rational {
  return factors.reduce(
    (product, factor) => rational(product.numerator * factor.numerator, product.denominator * factor.denominator),
    ONE,
  );
}

export function add(a: Rational, b: Rational): Rational {
  return rational(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator);
}

/** The smallest integer that is not below a fraction that is not negative. */
export function roundUp({ numerator, denominator }: Rational): bigint {
  return (numerator + denominator - 1n) / denominator;
}
