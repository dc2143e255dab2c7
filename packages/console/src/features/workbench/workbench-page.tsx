import { Drawer } from "@base-ui/react/drawer";
import type { ConsolePromptCase } from "@parley/wire";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { FlaskConical, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { modelsQuery, pickModel } from "../../api/models.ts";
import { useKeepWhenLeft } from "../../app/use-keep-when-left.ts";
import { useSession } from "../../app/use-session.ts";
import { useWorkspaceChoice } from "../../app/use-workspace-choice.tsx";
import { WorkspaceField } from "../../app/workspace-field.tsx";
import { classNames } from "../../ui/class-names.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { SelectField } from "../../ui/field.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { text as uiText } from "../../ui/text.ts";
import type { Attachment } from "./attachments.ts";
import { CodeDialog } from "./code-dialog.tsx";
import { Composer } from "./composer.tsx";
import { ConversationPane } from "./conversation-pane.tsx";
import { Evaluation } from "./evaluation.tsx";
import { schemaProblem, toolsProblem } from "./json-problem.ts";
import { keepWorkbench, readKeptWorkbench } from "./kept-workbench.ts";
import { PromptBar } from "./prompt-bar.tsx";
import { DEFAULT_SETTINGS, fromPromptContent, type Settings, toPromptContent, toRequest, type Turn } from "./settings.ts";
import { SettingsPanel } from "./settings-panel.tsx";
import { text } from "./text.ts";
import { type Message, useConversation } from "./use-conversation.ts";
import { useSavedPrompt } from "./use-saved-prompt.ts";
import { fillVariables, findVariables, type Values } from "./variables.ts";
import { VariablesFields } from "./variables-fields.tsx";
import { WorkbenchHeader } from "./workbench-header.tsx";

const route = getRouteApi("/signed-in/workbench");
type Side = "A" | "B";
const SIDES: readonly Side[] = ["A", "B"];

export function WorkbenchPage() {
  const { model: wantedModel = null } = route.useSearch();
  const { person } = useSession();
  const [kept] = useState(() => readKeptWorkbench(person.id, wantedModel));
  const { data: models, error: modelsError, refetch } = useQuery(modelsQuery);
  const { workspace, workspaceId, setWorkspaceId } = useWorkspaceChoice(kept?.workspaceId);

  const [chosen, setChosen] = useState<Readonly<Record<Side, Settings>>>({
    A: kept ? fromPromptContent(kept.sides.A.content) : { ...DEFAULT_SETTINGS, model: wantedModel ?? "" },
    B: kept ? fromPromptContent(kept.sides.B.content) : DEFAULT_SETTINGS,
  });
  const withModel = (settings: Settings): Settings => ({
    ...settings,
    model: settings.model || (pickModel(models, "sonnet")?.id ?? ""),
  });
  const settings = { A: withModel(chosen.A), B: withModel(chosen.B) };
  const [isComparing, setComparing] = useState(kept?.isComparing ?? false);
  const sides = isComparing ? SIDES : SIDES.slice(0, 1);
  const [shownSide, setShownSide] = useState<Side>("A");

  const [draft, setDraft] = useState(kept?.sides.A.content.message ?? "");
  const [attachments, setAttachments] = useState<readonly Attachment[]>([]);
  const [values, setValues] = useState<Values>(kept?.values ?? {});
  const [cases, setCases] = useState<readonly ConsolePromptCase[]>(kept?.cases ?? []);
  const saved = useSavedPrompt(workspaceId, kept);
  const conversations = {
    A: useConversation(settings.A, workspaceId, values, kept?.sides.A.turns),
    B: useConversation(settings.B, workspaceId, values, kept?.sides.B.turns),
  };
  const sideToKeep = (side: Side) => ({
    content: toPromptContent(settings[side], draft),
    turns: conversations[side].said(),
  });
  useKeepWhenLeft(() => {
    // Not yet known: what was left before stays.
    if (!workspace) return;
    const { prompt, version } = saved;
    const common = { personId: person.id, wantedModel, workspaceId, isComparing, values, cases };
    const both = { A: sideToKeep("A"), B: sideToKeep("B") };
    keepWorkbench(workspace.keeps_nothing ? null : { ...common, sides: both, prompt, version });
  });
  const shown = sides.map((side) => conversations[side]);

  const [isEvaluating, setEvaluating] = useState(false);
  const [isCodeOpen, setCodeOpen] = useState(false);
  const [isDrawerOpen, setDrawerOpen] = useState(false);
  const composer = useRef<HTMLTextAreaElement>(null);
  const isBlocked = sides.some((side) => {
    const { model, tools, outputSchema } = settings[side];
    return model === "" || toolsProblem(tools) !== null || schemaProblem(outputSchema) !== null;
  });
  const isRunning = shown.some((conversation) => conversation.isRunning);
  const isEmpty = shown.every(({ turns, error }) => turns.length === 0 && !error) && !isRunning;

  useEffect(() => {
    document.title = `${text.title} · Parley`;
    // What reads replies is here before the first one comes: to make its schemas takes a while.
    void import("../../api/read-stream.ts");
  }, []);

  const change = (side: Side, fields: Partial<Settings>) =>
    setChosen((before) => ({ ...before, [side]: { ...settings[side], ...fields } }));

  function onSend(message: Message): void {
    setDraft("");
    setAttachments([]);
    const filled = { ...message, text: fillVariables(message.text, values) };
    for (const conversation of shown) conversation.send(filled);
  }

  function startAnew(): void {
    for (const side of SIDES) conversations[side].startWith([]);
    composer.current?.focus();
  }

  /** Back to before the last message, which can be changed and sent again. */
  function takeBack(): void {
    const taken = shown.map((conversation) => conversation.takeBack())[0];
    if (!taken) return;
    setDraft(taken.text);
    setAttachments(taken.attachments ?? []);
    composer.current?.focus();
  }

  /** The other side begins where this one stands, so that one thing can be changed. */
  function toggleCompare(): void {
    if (!isComparing) {
      setChosen((before) => ({ ...before, B: settings.A }));
      conversations.B.startWith(conversations.A.turns);
    }
    setShownSide(isComparing ? "A" : "B");
    setComparing(!isComparing);
  }

  const panel = (
    <div className="grid content-start gap-5">
      <PromptBar
        saved={saved}
        workspaceId={workspaceId}
        content={toPromptContent(settings.A, draft)}
        onContent={(content) => {
          setChosen((before) => ({ ...before, A: fromPromptContent(content) }));
          setDraft(content.message);
        }}
        onCases={setCases}
      />
      <WorkspaceField
        isForModels
        value={workspaceId}
        onChange={(id) => {
          // Prompts are of one workspace.
          saved.close();
          setWorkspaceId(id);
        }}
      />
      {!isEvaluating && (
        <VariablesFields
          names={findVariables(...sides.map((side) => settings[side].system), draft)}
          values={values}
          onChange={setValues}
        />
      )}
      {isComparing && (
        <SelectField
          label={text.settingsOf}
          choices={SIDES.map((side) => ({ value: side, label: `${text.side(side)}: ${settings[side].model}` }))}
          value={shownSide}
          onChange={(event) => setShownSide(event.target.value === "B" ? "B" : "A")}
        />
      )}
      <SettingsPanel settings={settings[shownSide]} onChange={(fields) => change(shownSide, fields)} models={models ?? []} />
    </div>
  );

  return (
    <div className="flex h-[calc(100dvh-3.25rem)] flex-col lg:h-dvh">
      <WorkbenchHeader
        isEmpty={isEmpty}
        isRunning={isRunning}
        isComparing={isComparing}
        isEvaluating={isEvaluating}
        onStartAnew={startAnew}
        onCompare={toggleCompare}
        onEvaluate={() => setEvaluating(!isEvaluating)}
        onCode={() => setCodeOpen(true)}
        onSettings={() => setDrawerOpen(true)}
      />
      <div className="grid min-h-0 flex-1 xl:grid-cols-[minmax(0,1fr)_21rem]">
        <div className="flex min-h-0 flex-col">
          {isEvaluating ? (
            <Evaluation
              settings={settings.A}
              message={draft}
              onMessage={setDraft}
              version={saved.version}
              workspaceId={workspaceId}
              cases={cases}
              onCases={setCases}
              saved={saved}
              isBlocked={isBlocked}
            />
          ) : (
            <>
              {modelsError && <ErrorNote error={modelsError} onRetry={() => void refetch()} />}
              {models?.length === 0 && <p className="px-6 pt-4 text-muted">{text.noModel}</p>}
              <div
                className={classNames(
                  "grid min-h-0 flex-1",
                  isComparing && "grid-rows-2 divide-line max-lg:divide-y lg:grid-cols-2 lg:grid-rows-1 lg:divide-x",
                )}
              >
                {sides.map((side) => (
                  <div key={side} className="flex min-h-0 min-w-0 flex-col">
                    {isComparing && (
                      <h2 className="truncate border-b border-line px-4 py-1.5 text-[0.93rem] text-muted sm:px-6">
                        <span className="font-medium text-ink">{text.side(side)}</span> {settings[side].model}
                      </h2>
                    )}
                    <ConversationPane
                      label={isComparing ? text.conversationOf(side) : text.conversation}
                      conversation={conversations[side]}
                      onTakeBack={takeBack}
                    >
                      {!isComparing && (
                        <Examples
                          onChoose={(example) => {
                            setDraft(example);
                            composer.current?.focus();
                          }}
                        />
                      )}
                    </ConversationPane>
                  </div>
                ))}
              </div>
              <div className="mx-auto w-full max-w-3xl px-4 pt-2 pb-4 sm:px-6">
                <Composer
                  ref={composer}
                  draft={draft}
                  onDraft={setDraft}
                  attachments={attachments}
                  onAttachments={setAttachments}
                  openCalls={shown.flatMap(({ openCalls }) => openCalls)}
                  isRunning={isRunning}
                  isBlocked={isBlocked}
                  onSend={onSend}
                  onStop={() => {
                    for (const conversation of shown) conversation.stop();
                  }}
                />
              </div>
            </>
          )}
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
      {isCodeOpen && (
        <CodeDialog
          body={toRequest(settings[shownSide], withDraft(conversations[shownSide].turns, draft, attachments, values), values)}
          onClose={() => setCodeOpen(false)}
        />
      )}
    </div>
  );
}

function Examples({ onChoose }: { readonly onChoose: (example: string) => void }) {
  return (
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
              onClick={() => onChoose(example)}
            >
              {example}
            </button>
          ))}
        </div>
      }
    >
      {text.empty}
    </EmptyState>
  );
}

/** The conversation as it would be sent now. */
function withDraft(turns: readonly Turn[], draft: string, attachments: readonly Attachment[], values: Values): readonly Turn[] {
  const isNothing = draft.trim() === "" && attachments.length === 0;
  if (isNothing && turns.length > 0) return turns;
  const said = isNothing ? "Hello!" : fillVariables(draft, values);
  return [...turns, { id: -1, role: "user", text: said, results: [], attachments }];
}
