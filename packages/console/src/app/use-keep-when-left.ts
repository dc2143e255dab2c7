import { useEffect, useRef } from "react";

/** Calls `keep`, as it is then, when the page is left: for another page of ours, for good, or to be loaded again. */
export function useKeepWhenLeft(keep: () => void): void {
  const latest = useRef(keep);
  useEffect(() => {
    latest.current = keep;
  });
  useEffect(() => {
    const leave = () => latest.current();
    window.addEventListener("pagehide", leave);
    return () => {
      window.removeEventListener("pagehide", leave);
      leave();
    };
  }, []);
}
