import type { ConsolePromptCase } from "@parley/wire";
import { Play, Plus, Save, Square, Star, Trash2 } from "lucide-react";
import { formatWhole } from "../../format/format.ts";
import { Button } from "../../ui/button.tsx";
import { classNames } from "../../ui/class-names.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { TextArea } from "../../ui/field.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { Spinner } from "../../ui/spinner.tsx";
import { useToast } from "../../ui/toasts.tsx";
import { randomId } from "./random-id.ts";
import type { Settings } from "./settings.ts";
import { text } from "./text.ts";
import { useEvaluation } from "./use-evaluation.ts";
import type { SavedPrompt } from "./use-saved-prompt.ts";
import { findVariables } from "./variables.ts";

const CASES_MAX = 100;
const RATINGS = [1, 2, 3, 4, 5] as const;

/** The prompt over a table of cases: values in, replies out, and how good they are. */
export function Evaluation({
  settings,
  message,
  onMessage,
  version,
  workspaceId,
  cases,
  onCases,
  saved,
  isBlocked,
}: {
  readonly settings: Settings;
  readonly message: string;
  readonly onMessage: (message: string) => void;
  readonly version: number | null;
  readonly workspaceId: string | null;
  readonly cases: readonly ConsolePromptCase[];
  readonly onCases: (change: (before: readonly ConsolePromptCase[]) => readonly ConsolePromptCase[]) => void;
  /** Where the table is kept, once the prompt is. */
  readonly saved: SavedPrompt;
  readonly isBlocked: boolean;
}) {
  const toast = useToast();
  const { prompt, saveCases } = saved;
  const variables = findVariables(settings.system, message);
  const change = (id: string, fields: Partial<ConsolePromptCase>) =>
    onCases((before) => before.map((each) => (each.id === id ? { ...each, ...fields } : each)));
  const { states, isRunning, run, stop } = useEvaluation({ settings, message, version, workspaceId, onResult: change });
  const rated = cases.flatMap(({ rating }) => (rating === null ? [] : [rating]));
  const cannotRun = isBlocked || message.trim() === "" || cases.length === 0;
  return (
    <div className="min-h-0 flex-1 overflow-y-auto">
      <div className="mx-auto grid max-w-4xl gap-5 px-4 py-6 sm:px-6">
        <TextArea
          label={text.message}
          hint={text.evaluateHint}
          rows={3}
          dir="auto"
          value={message}
          onChange={(event) => onMessage(event.target.value)}
        />
        <div className="flex flex-wrap items-center gap-2">
          <Button disabled={cases.length >= CASES_MAX} onClick={() => onCases((before) => [...before, newCase()])}>
            <Plus size={15} aria-hidden />
            {text.addCase}
          </Button>
          {isRunning ? (
            <Button onClick={stop}>
              <Square size={12} fill="currentColor" aria-hidden />
              {text.stop}
            </Button>
          ) : (
            <Button kind="primary" disabled={cannotRun} onClick={() => void run(cases)}>
              <Play size={14} aria-hidden />
              {text.runAll}
            </Button>
          )}
          {prompt && (
            <Button
              isBusy={saveCases.isPending}
              onClick={() => saveCases.mutate({ id: prompt.id, cases }, { onSuccess: () => toast(text.casesSaved) })}
            >
              <Save size={14} aria-hidden />
              {text.saveCases}
            </Button>
          )}
          {rated.length > 0 && (
            <p className="text-muted tabular-nums" role="status">
              {text.ratedAverage(rated.length, (rated.reduce((sum, rating) => sum + rating, 0) / rated.length).toFixed(1))}
            </p>
          )}
        </div>
        {saveCases.error && <ErrorNote error={saveCases.error} />}
        {cases.length === 0 && (
          <div className="panel">
            <EmptyState icon={Star} title={text.noCasesTitle}>
              {text.noCases}
            </EmptyState>
          </div>
        )}
        <ol className="grid gap-4" aria-label={text.cases}>
          {cases.map((each, index) => (
            <li
              key={each.id}
              aria-label={text.caseOf(index + 1)}
              className="panel grid gap-4 p-4 md:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]"
            >
              <div className="grid content-start gap-3">
                <div className="flex items-center gap-1">
                  <h3 className="flex-1 font-medium text-muted">{text.caseOf(index + 1)}</h3>
                  <IconButton
                    icon={Play}
                    label={text.runCase(index + 1)}
                    disabled={cannotRun || isRunning}
                    onClick={() => void run([each])}
                  />
                  <IconButton
                    icon={Trash2}
                    label={text.removeCase(index + 1)}
                    onClick={() => onCases((before) => before.filter(({ id }) => id !== each.id))}
                  />
                </div>
                {variables.map((name) => (
                  <TextArea
                    key={name}
                    label={name}
                    rows={1}
                    dir="auto"
                    className="field-sizing-content"
                    value={each.values[name] ?? ""}
                    onChange={(event) => change(each.id, { values: { ...each.values, [name]: event.target.value } })}
                  />
                ))}
                {variables.length === 0 && <p className="text-muted">{text.noVariables}</p>}
              </div>
              <div className="grid content-start gap-2">
                {states[each.id]?.isRunning === true && (
                  <p className="flex items-center gap-2 text-muted">
                    <Spinner /> {text.runningCase}
                  </p>
                )}
                {states[each.id]?.error ? <ErrorNote error={states[each.id]?.error} /> : null}
                {each.output === null ? (
                  states[each.id] === undefined && <p className="text-muted">{text.notRun}</p>
                ) : (
                  <>
                    <p
                      dir="auto"
                      className="max-h-72 overflow-y-auto break-words whitespace-pre-wrap"
                      tabIndex={0}
                      role="region"
                      aria-label={text.outputOf(index + 1)}
                    >
                      {each.output}
                    </p>
                    <div className="flex flex-wrap items-center gap-x-4 text-[0.89rem] text-muted tabular-nums">
                      <Rating
                        rating={each.rating}
                        label={text.ratingOf(index + 1)}
                        onChange={(rating) => change(each.id, { rating })}
                      />
                      {each.output_tokens !== null && (
                        <span>
                          {text.figures.output} {formatWhole(each.output_tokens)}
                        </span>
                      )}
                      {each.version !== null && <span>{text.versionShort(each.version)}</span>}
                    </div>
                  </>
                )}
              </div>
            </li>
          ))}
        </ol>
      </div>
    </div>
  );
}

function Rating({
  rating,
  label,
  onChange,
}: {
  readonly rating: number | null;
  readonly label: string;
  readonly onChange: (rating: number) => void;
}) {
  return (
    <span role="group" aria-label={label} className="-ms-1.5 inline-flex">
      {RATINGS.map((stars) => (
        <button
          key={stars}
          type="button"
          aria-pressed={rating === stars}
          aria-label={text.stars(stars)}
          className="grid size-7 place-items-center rounded-md hover:bg-hover"
          onClick={() => onChange(stars)}
        >
          <Star
            size={15}
            className={classNames(rating !== null && stars <= rating ? "fill-warn text-warn" : "text-faint")}
            aria-hidden
          />
        </button>
      ))}
    </span>
  );
}

function newCase(): ConsolePromptCase {
  return { id: randomId(), values: {}, output: null, output_tokens: null, version: null, rating: null };
}
