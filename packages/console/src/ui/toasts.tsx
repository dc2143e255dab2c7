import { Check, X } from "lucide-react";
import { createContext, type ReactNode, use, useCallback, useRef, useState } from "react";
import { IconButton } from "./icon-button.tsx";
import { text } from "./text.ts";

const SHOWN_MS = 4500;

interface ToastEntry {
  readonly id: number;
  readonly message: string;
}

const ToastContext = createContext<(message: string) => void>(() => undefined);

/** Says in passing that something is done. */
export const useToast = (): ((message: string) => void) => use(ToastContext);

export function ToastProvider({ children }: { readonly children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly ToastEntry[]>([]);
  const nextId = useRef(0);
  const remove = useCallback((id: number) => setToasts((before) => before.filter((toast) => toast.id !== id)), []);
  const add = useCallback(
    (message: string) => {
      const id = nextId.current++;
      setToasts((before) => [...before, { id, message }]);
      setTimeout(() => remove(id), SHOWN_MS);
    },
    [remove],
  );
  return (
    <ToastContext value={add}>
      {children}
      <div
        role="status"
        className="pointer-events-none fixed inset-x-4 bottom-4 z-10 mx-auto grid max-w-sm justify-items-stretch gap-2 sm:start-auto sm:end-6 sm:bottom-6 sm:w-80"
      >
        {toasts.map(({ id, message }) => (
          <div
            key={id}
            className="popup pointer-events-auto flex animate-[rise_150ms_ease-out] items-center gap-2.5 py-2 ps-3.5 pe-2"
          >
            <Check size={16} className="shrink-0 text-good" aria-hidden />
            <span className="min-w-0 flex-1 font-medium">{message}</span>
            <IconButton icon={X} label={text.close} className="size-7" onClick={() => remove(id)} />
          </div>
        ))}
      </div>
    </ToastContext>
  );
}
