import type { ConsoleApiKeyCreated } from "@parley/wire";
import { useQuery } from "@tanstack/react-query";
import { Check, Plus } from "lucide-react";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { modelsQuery, pickModel } from "../../api/models.ts";
import { isAdministrator, may, useSession } from "../../app/use-session.ts";
import { Button } from "../../ui/button.tsx";
import { classNames } from "../../ui/class-names.ts";
import { CodeBlock } from "../../ui/code-block.tsx";
import { Page } from "../../ui/page.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { CLIENTS } from "./connect-lines.ts";
import { FirstReply } from "./first-reply.tsx";
import { text } from "./text.ts";

const CreateKeyDialog = lazy(() =>
  import("../api-keys/create-key-dialog.tsx").then((module) => ({ default: module.CreateKeyDialog })),
);

const SOME_MODEL = "claude-sonnet-4-5";

export function StartPage() {
  const session = useSession();
  const mayUseModels = may(session, "use_models");
  const { data: models } = useQuery({ ...modelsQuery, enabled: mayUseModels });
  const [isCreating, setCreating] = useState(false);
  // Only in this page's memory: it is gone with the page.
  const [created, setCreated] = useState<ConsoleApiKeyCreated | null>(null);
  const [hasReply, setHasReply] = useState(false);
  const model = pickModel(models, "sonnet")?.id ?? SOME_MODEL;

  return (
    <Page title={text.hello(session.person.name.split(" ")[0] ?? "")} about={text.about} isNarrow>
      <ol className="grid gap-4">
        <Step number={1} title={text.keyTitle} about={text.keyAbout} isDone={created !== null}>
          {isAdministrator(session) ? (
            <div className="flex flex-wrap items-center gap-3">
              <Button kind={created ? "secondary" : "primary"} onClick={() => setCreating(true)}>
                <Plus size={15} aria-hidden />
                {created ? text.anotherKey : text.createKey}
              </Button>
              {created && <p className="text-muted">{text.keyReady(created.api_key.name)}</p>}
            </div>
          ) : (
            <p>{text.keyMissing}</p>
          )}
        </Step>
        <Step number={2} title={text.connectTitle} about={text.connectAbout}>
          <Tabs
            label={text.connectLabel}
            tabs={CLIENTS.map(({ id, name, lines }) => ({
              value: id,
              label: name,
              content: (
                <CodeBlock
                  label={text.codeLabel(name)}
                  code={lines(window.location.origin, created?.secret ?? text.keyPlaceholder, model)}
                  shown={lines(window.location.origin, created?.api_key.partial_key_hint ?? text.keyPlaceholder, model)}
                />
              ),
            }))}
          />
        </Step>
        {mayUseModels && (
          <Step number={3} title={text.replyTitle} about={text.replyAbout} isDone={hasReply}>
            <FirstReply models={models} onReply={() => setHasReply(true)} />
          </Step>
        )}
      </ol>
      {isCreating && (
        <Suspense>
          <CreateKeyDialog onClose={() => setCreating(false)} onCreated={setCreated} />
        </Suspense>
      )}
    </Page>
  );
}

function Step({
  number,
  title,
  about,
  isDone = false,
  children,
}: {
  readonly number: number;
  readonly title: string;
  readonly about: string;
  readonly isDone?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <li className="panel grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 p-5">
      <span
        aria-hidden
        className={classNames(
          "grid size-7 place-items-center rounded-full text-[0.93rem] font-semibold",
          isDone ? "bg-accent text-accent-ink" : "bg-accent-soft text-accent",
        )}
      >
        {isDone ? <Check size={15} strokeWidth={2.6} /> : number}
      </span>
      <div>
        <h2 className="text-[1.08rem] leading-7 font-semibold">{title}</h2>
        <p className="text-muted">{about}</p>
      </div>
      <div className="col-span-2 mt-4 min-w-0 sm:col-span-1 sm:col-start-2">{children}</div>
    </li>
  );
}
