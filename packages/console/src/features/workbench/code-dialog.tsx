import { CodeBlock } from "../../ui/code-block.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { text } from "./text.ts";
import { LANGUAGES, toCode } from "./to-code.ts";

export function CodeDialog({
  body,
  onClose,
}: {
  readonly body: Readonly<Record<string, unknown>>;
  readonly onClose: () => void;
}) {
  return (
    <Dialog isOpen isWide onClose={onClose} title={text.getCode} description={text.codeAbout}>
      <Tabs
        label={text.getCode}
        tabs={LANGUAGES.map((language) => ({
          value: language,
          label: text.languages[language],
          content: (
            <CodeBlock
              code={toCode(language, body, window.location.origin)}
              label={text.languages[language]}
              className="[&_pre]:max-h-[50dvh]"
            />
          ),
        }))}
      />
    </Dialog>
  );
}
