import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { KeyRound } from "lucide-react";
import { type SubmitEvent, useState } from "react";
import { ApiError } from "../../api/api-error.ts";
import { signInMethodsQuery } from "../../api/session.ts";
import { keepNextPage } from "../../app/next-page.ts";
import { Button, buttonClass } from "../../ui/button.tsx";
import { classNames } from "../../ui/class-names.ts";
import { CodeBlock } from "../../ui/code-block.tsx";
import { CodeField } from "../../ui/code-field.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { TextField } from "../../ui/field.tsx";
import { EntryPage } from "./entry-page.tsx";
import { text } from "./text.ts";
import { useEntry } from "./use-entry.ts";

const route = getRouteApi("/sign-in");

export function SignInPage() {
  const { next } = route.useSearch();
  const { data: methods } = useQuery(signInMethodsQuery);
  if (methods?.needs_owner) {
    return (
      <EntryPage title={text.needsOwnerTitle} about={text.needsOwner}>
        <CodeBlock code={text.ownerCommand} label={text.ownerCommandLabel} />
      </EntryPage>
    );
  }
  return (
    <EntryPage title={text.signInTitle}>
      <PasswordForm next={next ?? "/"} />
      {methods?.openid && (
        <>
          <div className="my-5 flex items-center gap-3 text-[0.93rem] text-muted">
            <span className="h-px flex-1 bg-line" />
            {text.or}
            <span className="h-px flex-1 bg-line" />
          </div>
          <a
            href="/console/api/openid"
            className={classNames(buttonClass("secondary", "large"), "w-full")}
            onClick={() => keepNextPage(next ?? "/")}
          >
            <KeyRound size={16} aria-hidden />
            {text.withOpenid}
          </a>
        </>
      )}
    </EntryPage>
  );
}

function PasswordForm({ next }: { readonly next: string }) {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [needsCode, setNeedsCode] = useState(false);
  const entry = useEntry("/console/api/sign-in", next);
  const isAskingForCode = entry.error instanceof ApiError && entry.error.code === "second_factor_required";

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    entry.mutate(
      { email, password, ...(needsCode ? { code } : {}) },
      {
        onError: (error) => {
          if (error instanceof ApiError && error.code === "second_factor_required") setNeedsCode(true);
        },
      },
    );
  }

  return (
    <form className="panel grid gap-4 p-5" onSubmit={submit}>
      <TextField
        label={text.email}
        type="email"
        autoComplete="username"
        required
        autoFocus
        readOnly={needsCode}
        value={email}
        onChange={(event) => setEmail(event.target.value)}
      />
      {!needsCode && (
        <TextField
          label={text.password}
          type="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
      )}
      {needsCode && <CodeField autoFocus value={code} onChange={setCode} />}
      {entry.error && !isAskingForCode && <ErrorNote error={entry.error} />}
      <Button kind="primary" size="large" type="submit" isBusy={entry.isPending}>
        {text.signIn}
      </Button>
      {needsCode && (
        <Button
          kind="quiet"
          onClick={() => {
            setNeedsCode(false);
            setPassword("");
            setCode("");
            entry.reset();
          }}
        >
          {text.backToPassword}
        </Button>
      )}
    </form>
  );
}
