import { LoaderCircle } from "lucide-react";

export function Spinner({ size = 16 }: { readonly size?: number }) {
  return <LoaderCircle size={size} className="animate-spin" aria-hidden />;
}
