import { ConsoleDone } from "@parley/wire";
import { useMutation } from "@tanstack/react-query";
import { type SubmitEvent, useState } from "react";
import { call } from "../../api/call.ts";
import { useSession } from "../../app/use-session.ts";
import { Button } from "../../ui/button.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { TextField } from "../../ui/field.tsx";
import { Page } from "../../ui/page.tsx";
import { useToast } from "../../ui/toasts.tsx";
import { isLongEnough, NewPasswordField } from "../sign-in/new-password-field.tsx";
import { SecondFactor } from "./second-factor.tsx";
import { Sessions } from "./sessions.tsx";
import { text } from "./text.ts";

export function AccountPage() {
  const { person } = useSession();
  const facts = [
    [text.name, person.name],
    [text.email, person.email],
    [text.role, text.roles[person.role] ?? person.role],
  ];
  return (
    <Page title={text.title} isNarrow>
      <div className="grid gap-5">
        <section className="panel p-5" aria-labelledby="profile">
          <h2 id="profile" className="text-[1.08rem] font-semibold">
            {text.profile}
          </h2>
          <dl className="mt-3 grid grid-cols-[9rem_1fr] gap-y-2">
            {facts.map(([name, value]) => (
              <div key={name} className="col-span-2 grid grid-cols-subgrid">
                <dt className="text-muted">{name}</dt>
                <dd className="min-w-0 break-words">{value}</dd>
              </div>
            ))}
          </dl>
        </section>
        <SecondFactor />
        <Sessions />
        <PasswordSection />
      </div>
    </Page>
  );
}

function PasswordSection() {
  const { person } = useSession();
  const toast = useToast();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const change = useMutation({
    // A wrong current password is no end of the session.
    meta: { isSignIn: true },
    mutationFn: () =>
      call(ConsoleDone, "/console/api/password", {
        method: "POST",
        body: { ...(current === "" ? {} : { current_password: current }), password: next },
      }),
    onSuccess: () => {
      setCurrent("");
      setNext("");
      toast(text.passwordChanged);
    },
  });

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    change.mutate();
  }

  return (
    <section className="panel p-5" aria-labelledby="password">
      <h2 id="password" className="text-[1.08rem] font-semibold">
        {text.password}
      </h2>
      <p className="mt-1 text-muted">{text.passwordAbout}</p>
      <form className="mt-4 grid max-w-sm gap-4" onSubmit={submit}>
        <input type="text" name="username" autoComplete="username" value={person.email} readOnly hidden />
        <TextField
          label={text.currentPassword}
          type="password"
          autoComplete="current-password"
          value={current}
          onChange={(event) => setCurrent(event.target.value)}
        />
        <NewPasswordField label={text.newPassword} value={next} onChange={setNext} />
        {change.error && <ErrorNote error={change.error} />}
        <div>
          <Button type="submit" isBusy={change.isPending} disabled={!isLongEnough(next)}>
            {text.changePassword}
          </Button>
        </div>
      </form>
    </section>
  );
}
