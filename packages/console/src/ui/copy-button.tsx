import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "./button.tsx";
import { IconButton } from "./icon-button.tsx";
import { text } from "./text.ts";

const SHOWN_MS = 1600;

/** Copies `value`, and says so where the pointer is. */
export function CopyButton({
  value,
  label = text.copy,
  hasText = false,
}: {
  readonly value: string;
  readonly label?: string;
  readonly hasText?: boolean;
}) {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return undefined;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const copy = () => void copyText(value).then(setCopied);
  const shown = isCopied ? text.copied : label;
  return (
    <>
      {hasText ? (
        <Button onClick={copy} kind="primary">
          {isCopied ? <Check size={15} aria-hidden /> : <Copy size={15} aria-hidden />}
          {shown}
        </Button>
      ) : (
        <IconButton icon={isCopied ? Check : Copy} label={shown} onClick={copy} className={isCopied ? "text-good" : ""} />
      )}
      <span className="sr-only" role="status">
        {isCopied ? text.copied : ""}
      </span>
    </>
  );
}

/** Over plain HTTP to another machine browsers have no clipboard for us; the old way works there. */
async function copyText(value: string): Promise<boolean> {
  if (window.isSecureContext) {
    return navigator.clipboard.writeText(value).then(
      () => true,
      () => false,
    );
  }
  const area = document.createElement("textarea");
  area.value = value;
  area.style.position = "fixed";
  area.style.opacity = "0";
  const place = document.activeElement?.closest("[role=dialog]") ?? document.body;
  place.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}
