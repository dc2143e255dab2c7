import { useMemo } from "react";
import { encode } from "uqr";

/** Drawn here, so that the secret in it reaches no other machine. Dark on light in both themes: cameras want it so. */
export function QrCode({ value, label, size = 176 }: { readonly value: string; readonly label: string; readonly size?: number }) {
  const { path, side } = useMemo(() => {
    const { data, size: modules } = encode(value, { border: 2 });
    const squares = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])));
    return { path: squares.join(""), side: modules };
  }, [value]);
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${side} ${side}`}
      width={size}
      height={size}
      className="rounded-lg bg-white"
      shapeRendering="crispEdges"
    >
      <path d={path} fill="#111" />
    </svg>
  );
}
