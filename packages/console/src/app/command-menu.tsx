import { Dialog } from "@base-ui/react/dialog";
import { CornerDownLeft, Search } from "lucide-react";
import { type KeyboardEvent, useId, useRef, useState } from "react";
import { classNames } from "../ui/class-names.ts";
import { text } from "./text.ts";
import { type Command, useCommands } from "./use-commands.ts";

/** Everything by keyboard: type, arrow, Enter. */
export function CommandMenu({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 bg-black/40 transition-opacity duration-100 data-ending-style:opacity-0 data-starting-style:opacity-0" />
        <Dialog.Popup className="popup fixed inset-x-3 top-[12dvh] mx-auto max-w-xl overflow-hidden p-0 transition duration-100 data-ending-style:opacity-0 data-starting-style:-translate-y-1 data-starting-style:opacity-0">
          <Dialog.Title className="sr-only">{text.commandMenu}</Dialog.Title>
          <CommandList onClose={onClose} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function CommandList({ onClose }: { readonly onClose: () => void }) {
  const commands = useCommands();
  const id = useId();
  const [query, setQuery] = useState("");
  const [current, setCurrent] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const wanted = query.toLowerCase().split(/\s+/).filter(Boolean);
  const found = commands.filter((command) => {
    const words = `${command.label} ${command.words}`.toLowerCase().split(/[^\p{L}\p{N}]+/u);
    return wanted.every((begun) => words.some((word) => word.startsWith(begun)));
  });
  const groups = [...new Set(found.map((command) => command.group))];

  function choose(command: Command | undefined): void {
    if (!command) return;
    onClose();
    command.run();
  }

  function onKeyDown(event: KeyboardEvent): void {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0 && found.length > 0) {
      event.preventDefault();
      const next = (current + step + found.length) % found.length;
      setCurrent(next);
      list.current?.querySelector(`#${CSS.escape(`${id}-${next}`)}`)?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter") {
      event.preventDefault();
      choose(found[current]);
    }
  }

  return (
    <>
      <div className="flex items-center gap-3 border-b border-line px-4">
        <Search size={17} className="shrink-0 text-faint" aria-hidden />
        <input
          autoFocus
          role="combobox"
          aria-expanded
          aria-controls={`${id}-list`}
          aria-activedescendant={found.length > 0 ? `${id}-${current}` : undefined}
          aria-label={text.search}
          placeholder={text.searchPlaceholder}
          value={query}
          onChange={(event) => {
            setQuery(event.target.value);
            setCurrent(0);
          }}
          onKeyDown={onKeyDown}
          className="h-12 min-w-0 flex-1 bg-transparent text-[1.05rem] outline-none placeholder:text-faint"
        />
      </div>
      <div
        ref={list}
        id={`${id}-list`}
        role="listbox"
        aria-label={text.commandMenu}
        className="max-h-[50dvh] overflow-y-auto p-1.5"
      >
        {found.length === 0 && <p className="px-3 py-6 text-center text-muted">{text.noMatch}</p>}
        {groups.map((group) => (
          <div key={group} role="group" aria-label={group}>
            <div className="px-2.5 pt-2 pb-1 text-[0.86rem] font-medium text-muted" aria-hidden>
              {group}
            </div>
            {found.map((command, index) => {
              if (command.group !== group) return null;
              const { icon: Icon, label } = command;
              return (
                // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the combobox keeps the focus and has the keys
                <div
                  key={label}
                  tabIndex={-1}
                  id={`${id}-${index}`}
                  role="option"
                  aria-selected={index === current}
                  onPointerMove={() => setCurrent(index)}
                  onClick={() => choose(command)}
                  className={classNames("flex h-9.5 items-center gap-3 rounded-md px-2.5", index === current && "bg-hover")}
                >
                  <Icon size={16} className="text-muted" aria-hidden />
                  <span className="flex-1">{label}</span>
                  {index === current && <CornerDownLeft size={14} className="text-faint" aria-hidden />}
                </div>
              );
            })}
          </div>
        ))}
      </div>
    </>
  );
}
