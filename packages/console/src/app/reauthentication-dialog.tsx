import { ConsoleDone } from "@parley/wire";
import { useQueryClient } from "@tanstack/react-query";
import { type SubmitEvent, useState } from "react";
import { call } from "../api/call.ts";
import { sessionQuery } from "../api/session.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { ErrorNote } from "../ui/error-note.tsx";
import { TextField } from "../ui/field.tsx";
import { text as uiText } from "../ui/text.ts";
import { text } from "./text.ts";
import { useSession } from "./use-session.ts";

export function ReauthenticationDialog({ onFinish }: { readonly onFinish: (isConfirmed: boolean) => void }) {
  const session = useSession();
  const queryClient = useQueryClient();
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    event.stopPropagation();
    setBusy(true);
    setError(null);
    try {
      const body = { password, ...(session.second_factor ? { code } : {}) };
      await call(ConsoleDone, "/console/api/reauthenticate", { method: "POST", body });
      await queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey });
      onFinish(true);
    } catch (thrown) {
      setError(thrown);
      setBusy(false);
    }
  }

  return (
    <Dialog
      isOpen
      onClose={() => onFinish(false)}
      title={text.confirmTitle}
      description={text.confirmAbout}
      actions={
        <>
          <Button onClick={() => onFinish(false)}>{uiText.cancel}</Button>
          <Button kind="primary" type="submit" form="reauthentication" isBusy={isBusy}>
            {text.confirm}
          </Button>
        </>
      }
    >
      <form id="reauthentication" className="grid gap-4" onSubmit={(event) => void submit(event)}>
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
        {session.second_factor && (
          <TextField
            label={text.code}
            autoComplete="one-time-code"
            required
            value={code}
            onChange={(event) => setCode(event.target.value)}
          />
        )}
        {error ? <ErrorNote error={error} /> : null}
      </form>
    </Dialog>
  );
}
