import type { FileMetadata } from "@parley/wire";
import { formatBytes, formatDateTime } from "../../format/format.ts";
import { CodeBlock } from "../../ui/code-block.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Facts } from "../../ui/facts.tsx";
import { text } from "./text.ts";

/** What is known of a file, and how a request names it. */
export function FileDialog({ file, onClose }: { readonly file: FileMetadata; readonly onClose: () => void }) {
  const kind = file.mime_type.startsWith("image/") ? "image" : "document";
  const block = { type: kind, source: { type: "file", file_id: file.id } };
  return (
    <Dialog isOpen isWide onClose={onClose} title={file.filename}>
      <Facts
        facts={[
          {
            name: text.id,
            value: (
              <span className="inline-flex items-center gap-1">
                <code className="font-mono text-[0.89rem] break-all">{file.id}</code>
                <CopyButton value={file.id} label={text.copyId} />
              </span>
            ),
          },
          { name: text.type, value: file.mime_type },
          { name: text.size, value: formatBytes(file.size_bytes) },
          { name: text.created, value: formatDateTime(file.created_at) },
          { name: text.expires, value: file.expires_at === null ? text.never : formatDateTime(file.expires_at) },
          { name: text.downloadable, value: file.downloadable ? text.yes : text.no },
        ]}
      />
      <h3 className="mt-4 mb-1 font-medium">{text.use}</h3>
      <CodeBlock label={text.use} code={JSON.stringify(block, null, 2)} />
    </Dialog>
  );
}
