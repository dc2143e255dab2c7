/** Who asks: few keys ask often and most hardly ever, the one of rank r as often as 1/r^exponent says (Zipf). */
export function createPopularity(keys: number, exponent: number): (random: number) => number {
  const cumulative = new Float64Array(keys);
  let sum = 0;
  for (let rank = 0; rank < keys; rank += 1) {
    sum += (rank + 1) ** -exponent;
    cumulative[rank] = sum;
  }
  return (random) => {
    const wanted = random * sum;
    let [low, high] = [0, keys - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((cumulative[middle] ?? 0) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}
