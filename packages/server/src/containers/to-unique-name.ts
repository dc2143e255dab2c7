/** The name itself where it is free, else with a number before its ending: two files of one name are both there. */
export function toUniqueName(name: string, taken: readonly string[]): string {
  const dot = name.lastIndexOf(".");
  const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
  for (let number = 1; ; number += 1) {
    const unique = number === 1 ? name : `${stem} (${number})${ending}`;
    if (!taken.includes(unique)) return unique;
  }
}
