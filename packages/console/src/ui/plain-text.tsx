import { memo } from "react";

/** A text as it was written. While it grows, only its last paragraph is laid out anew. */
export function PlainText({ source }: { readonly source: string }) {
  return (
    <div dir="auto" className="space-y-[1lh] wrap-anywhere whitespace-pre-wrap">
      {source.split("\n\n").map((paragraph, index) => (
        <Paragraph key={index} text={paragraph} />
      ))}
    </div>
  );
}

const Paragraph = memo(function Paragraph({ text }: { readonly text: string }) {
  return <p>{text}</p>;
});
