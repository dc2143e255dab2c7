import { createContext, lazy, type ReactNode, Suspense, use, useCallback, useMemo, useRef, useState } from "react";
import { ApiError } from "../api/api-error.ts";

const ReauthenticationDialog = lazy(() =>
  import("./reauthentication-dialog.tsx").then((module) => ({ default: module.ReauthenticationDialog })),
);

type Confirmed = <T>(work: () => Promise<T>) => Promise<T>;

const ConfirmedContext = createContext<Confirmed>((work) => work());

/**
 * Runs what is sensitive. Where the server wants to know again who one is, it asks for the password and runs it once more;
 * who closes the dialog gets the server's refusal.
 */
export const useConfirmed = (): Confirmed => use(ConfirmedContext);

export function ReauthenticationProvider({ children }: { readonly children: ReactNode }) {
  const [isOpen, setOpen] = useState(false);
  const settle = useRef<((isConfirmed: boolean) => void) | null>(null);
  const finish = useCallback((isConfirmed: boolean) => {
    setOpen(false);
    settle.current?.(isConfirmed);
    settle.current = null;
  }, []);
  const confirmed = useMemo<Confirmed>(
    () => async (work) => {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== "reauthentication_required") throw error;
        const { promise, resolve } = Promise.withResolvers<boolean>();
        settle.current = resolve;
        setOpen(true);
        if (!(await promise)) throw error;
        return work();
      }
    },
    [],
  );
  return (
    <ConfirmedContext value={confirmed}>
      {children}
      <Suspense>{isOpen && <ReauthenticationDialog onFinish={finish} />}</Suspense>
    </ConfirmedContext>
  );
}
