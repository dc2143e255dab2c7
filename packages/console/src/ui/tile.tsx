/** One figure, large. */
export function Tile({ name, value, hint }: { readonly name: string; readonly value: string; readonly hint?: string }) {
  return (
    <div className="panel px-4 py-3.5">
      <p className="text-muted">{name}</p>
      <p className="mt-0.5 text-[1.45rem] leading-tight font-semibold tracking-tight tabular-nums">
        {value} {hint && <span className="text-[0.93rem] font-normal text-muted">{hint}</span>}
      </p>
    </div>
  );
}
