import { Check, X } from "lucide-react";
import { createContext, type ReactNode, use, useCallback, useMemo, useRef, useState } from "react";
import { ErrorNote } from "./error-note.tsx";
import { IconButton } from "./icon-button.tsx";
import { text } from "./text.ts";

const SHOWN_MS = 4500;

interface Toasts {
  readonly say: (message: string) => void;
  readonly showFault: (error: unknown) => void;
}

const ToastContext = createContext<Toasts>({ say: () => undefined, showFault: () => undefined });

/** Says in passing that something is done. */
export const useToast = (): Toasts["say"] => use(ToastContext).say;

/** Says what went wrong where nothing else on the page can, and stays until it has been read. */
export const useFault = (): Toasts["showFault"] => use(ToastContext).showFault;

export function ToastProvider({ children }: { readonly children: ReactNode }) {
  const [messages, setMessages] = useState<readonly { readonly id: number; readonly message: string }[]>([]);
  const [faults, setFaults] = useState<readonly { readonly id: number; readonly error: unknown }[]>([]);
  const nextId = useRef(0);
  const removeMessage = useCallback((id: number) => setMessages((before) => before.filter((each) => each.id !== id)), []);
  const toasts = useMemo<Toasts>(
    () => ({
      say(message) {
        const id = nextId.current++;
        // What was said already is said again in its place.
        setMessages((before) => [...before.filter((each) => each.message !== message), { id, message }]);
        setTimeout(() => removeMessage(id), SHOWN_MS);
      },
      showFault: (error) => setFaults((before) => [...before, { id: nextId.current++, error }]),
    }),
    [removeMessage],
  );
  return (
    <ToastContext value={toasts}>
      {children}
      <div className="pointer-events-none fixed inset-x-4 bottom-4 z-10 mx-auto grid max-w-sm gap-2 sm:start-auto sm:end-6 sm:bottom-6 sm:w-96">
        {faults.map(({ id, error }) => (
          <div key={id} className="popup pointer-events-auto animate-[rise_150ms_ease-out]">
            <ErrorNote error={error} onClose={() => setFaults((before) => before.filter((each) => each.id !== id))} />
          </div>
        ))}
        <div role="status" className="grid gap-2">
          {messages.map(({ id, message }) => (
            <div
              key={id}
              className="popup pointer-events-auto flex animate-[rise_150ms_ease-out] items-center gap-2.5 py-2 ps-3.5 pe-2"
            >
              <Check size={16} className="shrink-0 text-good" aria-hidden />
              <span className="min-w-0 flex-1 font-medium">{message}</span>
              <IconButton icon={X} label={text.close} className="size-7" onClick={() => removeMessage(id)} />
            </div>
          ))}
        </div>
      </div>
    </ToastContext>
  );
}
