import { Dialog as Drawer } from "@base-ui/react/dialog";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Code, FlaskConical, SlidersHorizontal, SquarePen, Undo2, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { modelsQuery, pickModel } from "../../api/models.ts";
import { useWorkspaces } from "../../api/workspaces.ts";
import { Button } from "../../ui/button.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { text as uiText } from "../../ui/text.ts";
import { CodeDialog } from "./code-dialog.tsx";
import { Composer } from "./composer.tsx";
import { beginReply } from "./reply.ts";
import { ReplyView } from "./reply-view.tsx";
import { DEFAULT_SETTINGS, openCallsOf, parseTools, type Settings, toRequest, type ToolResult, type Turn } from "./settings.ts";
import { SettingsPanel } from "./settings-panel.tsx";
import { text } from "./text.ts";
import { Said, Transcript, TurnView } from "./transcript.tsx";
import { useReply } from "./use-reply.ts";

const route = getRouteApi("/signed-in/workbench");

export function WorkbenchPage() {
  const { model: wantedModel } = route.useSearch();
  const { data: models, error: modelsError, refetch } = useQuery(modelsQuery);
  const [chosen, setChosen] = useState<Settings>({ ...DEFAULT_SETTINGS, model: wantedModel ?? "" });
  const settings = { ...chosen, model: chosen.model || (pickModel(models, "sonnet")?.id ?? "") };
  const workspaces = useWorkspaces();
  const [chosenWorkspace, setWorkspace] = useState<string | null>(null);
  // Newest first: the default one is the oldest.
  const workspaceId = chosenWorkspace ?? workspaces.at(-1)?.id ?? null;
  const [turns, setTurns] = useState<readonly Turn[]>([]);
  const [draft, setDraft] = useState("");
  const [isCodeOpen, setCodeOpen] = useState(false);
  const [isDrawerOpen, setDrawerOpen] = useState(false);
  const { reply, error, isRunning, run, stop, clear } = useReply();
  const composer = useRef<HTMLTextAreaElement>(null);
  const nextId = useRef(0);
  const isBlocked = settings.model === "" || parseTools(settings.tools) === null;

  useEffect(() => {
    document.title = `${text.title} · Parley`;
  }, []);

  async function ask(conversation: readonly Turn[]): Promise<void> {
    setTurns(conversation);
    const done = await run(toRequest(settings, conversation), workspaceId);
    // A reply that was stopped before its first word says nothing.
    if (!done || done.blocks.length === 0) return;
    setTurns([
      ...conversation,
      { id: nextId.current++, role: "assistant", reply: { ...done, endedAtMs: done.endedAtMs ?? performance.now() } },
    ]);
    clear();
  }

  function onSend(message: string, results: readonly ToolResult[]): void {
    setDraft("");
    void ask([...turns, { id: nextId.current++, role: "user", text: message, results }]);
  }

  function startAnew(): void {
    clear();
    setTurns([]);
    composer.current?.focus();
  }

  /** Back to before the last message, which can be changed and sent again. */
  function takeBack(): void {
    const last = turns.findLastIndex((turn) => turn.role === "user");
    const turn = turns[last];
    if (turn?.role !== "user") return;
    clear();
    setTurns(turns.slice(0, last));
    setDraft(turn.text);
    composer.current?.focus();
  }

  const panel = (
    <SettingsPanel
      settings={settings}
      onChange={(change) => setChosen({ ...settings, ...change })}
      models={models ?? []}
      workspaceId={workspaceId}
      onWorkspace={setWorkspace}
    />
  );
  const isEmpty = turns.length === 0 && !isRunning && !error;

  return (
    <div className="flex h-[calc(100dvh-3.25rem)] flex-col lg:h-dvh">
      <header className="flex items-center gap-2 border-b border-line px-4 py-2.5 sm:px-6">
        <h1 className="flex-1 truncate text-[1.15rem] font-semibold tracking-tight">{text.title}</h1>
        {!isEmpty && (
          <Button kind="quiet" onClick={startAnew}>
            <SquarePen size={15} aria-hidden />
            <span className="max-sm:sr-only">{text.clear}</span>
          </Button>
        )}
        <Button onClick={() => setCodeOpen(true)}>
          <Code size={15} aria-hidden />
          {text.getCode}
        </Button>
        <span className="xl:hidden">
          <IconButton icon={SlidersHorizontal} label={text.settings} onClick={() => setDrawerOpen(true)} />
        </span>
      </header>
      <div className="grid min-h-0 flex-1 xl:grid-cols-[minmax(0,1fr)_21rem]">
        <div className="flex min-h-0 flex-col">
          <Transcript>
            {modelsError && <ErrorNote error={modelsError} onRetry={() => void refetch()} />}
            {models?.length === 0 && <p className="text-muted">{text.noModel}</p>}
            {isEmpty && (
              <EmptyState
                icon={FlaskConical}
                title={text.emptyTitle}
                action={
                  <div className="grid gap-2">
                    {text.examples.map((example) => (
                      <button
                        key={example}
                        type="button"
                        className="rounded-lg border border-line bg-panel px-3.5 py-2 text-start transition-colors hover:border-line-strong hover:bg-hover"
                        onClick={() => {
                          setDraft(example);
                          composer.current?.focus();
                        }}
                      >
                        {example}
                      </button>
                    ))}
                  </div>
                }
              >
                {text.empty}
              </EmptyState>
            )}
            {turns.map((turn) => (
              <TurnView key={turn.id} turn={turn} />
            ))}
            {isRunning && (
              <Said by={text.assistant}>
                <ReplyView reply={reply ?? beginReply(0)} isRunning />
              </Said>
            )}
            {error ? (
              <>
                {reply && reply.blocks.length > 0 && (
                  <Said by={text.assistant}>
                    <ReplyView reply={reply} isRunning={false} />
                  </Said>
                )}
                <ErrorNote error={error} onRetry={() => void ask(turns)} />
              </>
            ) : null}
            {!isRunning && turns.length > 0 && (
              <div>
                <Button kind="quiet" size="small" onClick={takeBack}>
                  <Undo2 size={14} aria-hidden />
                  {text.edit}
                </Button>
              </div>
            )}
          </Transcript>
          <div className="mx-auto w-full max-w-3xl px-4 pb-4 sm:px-6">
            <Composer
              ref={composer}
              draft={draft}
              onDraft={setDraft}
              openCalls={openCallsOf(turns)}
              isRunning={isRunning}
              isBlocked={isBlocked}
              onSend={onSend}
              onStop={stop}
            />
          </div>
        </div>
        <aside aria-label={text.settings} className="hidden min-h-0 overflow-y-auto border-s border-line bg-panel p-5 xl:block">
          {panel}
        </aside>
      </div>
      <Drawer.Root open={isDrawerOpen} onOpenChange={setDrawerOpen}>
        <Drawer.Portal>
          <Drawer.Backdrop className="fixed inset-0 bg-black/40" />
          <Drawer.Popup className="fixed inset-y-0 end-0 w-full max-w-sm overflow-y-auto border-s border-line bg-panel p-5 outline-none">
            <div className="mb-4 flex items-center justify-between">
              <Drawer.Title className="text-[1.15rem] font-semibold">{text.settings}</Drawer.Title>
              <Drawer.Close render={<IconButton icon={X} label={uiText.close} />} />
            </div>
            {panel}
          </Drawer.Popup>
        </Drawer.Portal>
      </Drawer.Root>
      {isCodeOpen && <CodeDialog body={toRequest(settings, withDraft(turns, draft))} onClose={() => setCodeOpen(false)} />}
    </div>
  );
}

/** The conversation as it would be sent now. */
function withDraft(turns: readonly Turn[], draft: string): readonly Turn[] {
  if (draft.trim() === "" && turns.length > 0) return turns;
  return [...turns, { id: -1, role: "user", text: draft.trim() === "" ? "Hello!" : draft, results: [] }];
}
