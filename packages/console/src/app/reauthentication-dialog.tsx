import { ConsoleDone } from "@parley/wire";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { call } from "../api/call.ts";
import { sessionQuery } from "../api/session.ts";
import { CodeField } from "../ui/code-field.tsx";
import { TextField } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { text } from "./text.ts";
import { useSession } from "./use-session.ts";

export function ReauthenticationDialog({ onFinish }: { readonly onFinish: (isConfirmed: boolean) => void }) {
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
    </FormDialog>
  );
}
