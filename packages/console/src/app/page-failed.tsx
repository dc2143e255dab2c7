import { ErrorNote } from "../ui/error-note.tsx";
import { Page } from "../ui/page.tsx";
import { text } from "./text.ts";

/** A page that threw; the rest of the Console goes on. */
export function PageFailed({ error, reset }: { readonly error: unknown; readonly reset: () => void }) {
  return (
    <Page title={text.pageFailed}>
      <ErrorNote error={error} onRetry={reset} />
    </Page>
  );
}
