import { ConsoleDone } from "@parley/wire";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import { call } from "../api/call.ts";
import { sessionQuery } from "../api/session.ts";
import { buttonClass } from "../ui/button.tsx";
import { classNames } from "../ui/class-names.ts";
import { CodeField } from "../ui/code-field.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { TextField } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { text } from "./text.ts";
import { useSession } from "./use-session.ts";

type OnFinish = (isConfirmed: boolean) => void;

export function ReauthenticationDialog({ onFinish }: { readonly onFinish: OnFinish }) {
  const { confirm_with: ways } = useSession();
  const atProvider = ways.includes("openid") ? <AtProvider onConfirmed={() => onFinish(true)} /> : null;
  if (ways.includes("password")) return <WithPassword onFinish={onFinish}>{atProvider}</WithPassword>;
  return (
    <Dialog isOpen title={text.confirmTitle} description={text.confirmAbout} onClose={() => onFinish(false)}>
      {atProvider ?? <p>{text.confirmBySigningIn}</p>}
    </Dialog>
  );
}

function WithPassword({ onFinish, children }: { readonly onFinish: OnFinish; readonly children: ReactNode }) {
  const session = useSession();
  const queryClient = useQueryClient();
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const confirm = useMutation({
    // A wrong password is no end of the session.
    meta: { isSignIn: true },
    mutationFn: () => {
      const body = { password, ...(session.second_factor ? { code } : {}) };
      return call(ConsoleDone, "/console/api/reauthenticate", { method: "POST", body });
    },
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey });
      onFinish(true);
    },
  });
  return (
    <FormDialog
      title={text.confirmTitle}
      description={text.confirmAbout}
      action={text.confirm}
      isBusy={confirm.isPending}
      error={confirm.error}
      onClose={() => onFinish(false)}
      onSubmit={() => confirm.mutate()}
    >
      <input type="text" name="username" autoComplete="username" value={session.person.email} readOnly hidden />
      <TextField
        label={text.password}
        type="password"
        autoComplete="current-password"
        required
        autoFocus
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      {session.second_factor && <CodeField value={code} onChange={setCode} />}
      {children}
    </FormDialog>
  );
}

const LOOK_MS = 1_000;

/** On a page of its own, so that what was filled in here stays; the session tells when it is done. */
function AtProvider({ onConfirmed }: { readonly onConfirmed: () => void }) {
  const queryClient = useQueryClient();
  /** What the session said when the other page opened; null: it has not. */
  const [before, setBefore] = useState<string | null>(null);
  const { data } = useQuery({
    ...sessionQuery,
    refetchInterval: before === null ? false : LOOK_MS,
    refetchIntervalInBackground: true,
  });
  const isConfirmed = before !== null && data !== null && data !== undefined && data.authenticated_until !== before;
  useEffect(() => {
    if (isConfirmed) onConfirmed();
  }, [isConfirmed, onConfirmed]);

  async function noteBefore(): Promise<void> {
    const session = await queryClient.fetchQuery({ ...sessionQuery, staleTime: 0 });
    setBefore(session?.authenticated_until ?? "");
  }

  return (
    <>
      <a
        href="/console/api/openid/confirm"
        target="_blank"
        rel="noopener"
        className={classNames(buttonClass("secondary", "large"), "w-full")}
        onClick={() => void noteBefore()}
      >
        <KeyRound size={16} aria-hidden />
        {text.confirmWithOpenid}
      </a>
      {before !== null && (
        <p role="status" className="text-muted">
          {text.confirmAway}
        </p>
      )}
    </>
  );
}
