import { Code, Columns2, SlidersHorizontal, SquarePen, Table2 } from "lucide-react";
import { Button } from "../../ui/button.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { text } from "./text.ts";

/** What can be done with the Workbench as a whole. */
export function WorkbenchHeader({
  isEmpty,
  isRunning,
  isComparing,
  isEvaluating,
  onStartAnew,
  onCompare,
  onEvaluate,
  onCode,
  onSettings,
}: {
  readonly isEmpty: boolean;
  readonly isRunning: boolean;
  readonly isComparing: boolean;
  readonly isEvaluating: boolean;
  readonly onStartAnew: () => void;
  readonly onCompare: () => void;
  readonly onEvaluate: () => void;
  readonly onCode: () => void;
  readonly onSettings: () => void;
}) {
  return (
    <header className="flex items-center gap-2 border-b border-line px-4 py-2.5 sm:px-6">
      <h1 className="flex-1 truncate text-[1.15rem] font-semibold tracking-tight">{text.title}</h1>
      {!isEmpty && !isEvaluating && (
        <Button kind="quiet" onClick={onStartAnew}>
          <SquarePen size={15} aria-hidden />
          <span className="max-md:sr-only">{text.clear}</span>
        </Button>
      )}
      {!isEvaluating && (
        <Button kind="quiet" aria-pressed={isComparing} disabled={isRunning} onClick={onCompare}>
          <Columns2 size={15} aria-hidden />
          <span className="max-md:sr-only">{isComparing ? text.endCompare : text.compare}</span>
        </Button>
      )}
      <Button kind="quiet" aria-pressed={isEvaluating} onClick={onEvaluate}>
        <Table2 size={15} aria-hidden />
        <span className="max-md:sr-only">{isEvaluating ? text.endEvaluate : text.evaluate}</span>
      </Button>
      <Button onClick={onCode}>
        <Code size={15} aria-hidden />
        <span className="max-sm:sr-only">{text.getCode}</span>
      </Button>
      <span className="xl:hidden">
        <IconButton icon={SlidersHorizontal} label={text.settings} onClick={onSettings} />
      </span>
    </header>
  );
}
