import type { ConsoleDevice } from "@parley/wire";
import { useMutation } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { MonitorCheck, MonitorX } from "lucide-react";
import { type SubmitEvent, useState } from "react";
import { decideOnDevice, findDevice } from "../../api/device.ts";
import { useConfirmed } from "../../app/reauthentication.tsx";
import { useWorkspaceChoice } from "../../app/use-workspace-choice.tsx";
import { formatRelative } from "../../format/format.ts";
import { Button } from "../../ui/button.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { TextField } from "../../ui/field.tsx";
import { Page } from "../../ui/page.tsx";
import { text } from "./text.ts";

const route = getRouteApi("/signed-in/device");

/** Where somebody agrees that a program without a browser may use models in their name. The code is never sent by itself. */
export function DevicePage() {
  const { user_code: given = "" } = route.useSearch();
  const [userCode, setUserCode] = useState(given);
  const find = useMutation({ mutationFn: findDevice });
  const confirmed = useConfirmed();
  const decide = useMutation({
    mutationFn: (decision: Parameters<typeof decideOnDevice>[0]) => confirmed(() => decideOnDevice(decision)),
  });
  if (decide.isSuccess) return <Decided isApproved={decide.variables.isApproved} />;

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    find.mutate(userCode);
  }

  return (
    <Page title={text.title} about={text.about}>
      {find.data ? (
        <Question
          device={find.data}
          userCode={userCode}
          isBusy={decide.isPending}
          error={decide.error}
          onDecide={(isApproved, workspaceId) => decide.mutate({ userCode, isApproved, workspaceId })}
        />
      ) : (
        <form className="panel grid max-w-md gap-4 p-5" onSubmit={submit}>
          <TextField
            label={text.code}
            hint={text.codeHint}
            autoComplete="off"
            spellCheck={false}
            required
            value={userCode}
            onChange={(event) => setUserCode(event.target.value)}
          />
          {find.error && <ErrorNote error={find.error} />}
          <Button kind="primary" type="submit" isBusy={find.isPending} disabled={userCode.trim() === ""}>
            {text.next}
          </Button>
        </form>
      )}
    </Page>
  );
}

function Question({
  device,
  userCode,
  isBusy,
  error,
  onDecide,
}: {
  readonly device: ConsoleDevice;
  readonly userCode: string;
  readonly isBusy: boolean;
  readonly error: Error | null;
  readonly onDecide: (isApproved: boolean, workspaceId: string | null) => void;
}) {
  const { workspaceId, field } = useWorkspaceChoice();
  const facts: readonly (readonly [string, string])[] = [
    [text.codeShown, userCode.toUpperCase()],
    [text.program, device.user_agent ?? text.unknownProgram],
    [text.network, device.network],
    [text.asked, formatRelative(device.asked_at)],
  ];
  return (
    <section className="panel grid max-w-xl gap-4 p-5" aria-label={text.question}>
      <h2 className="text-[1.1rem] font-semibold">{text.question}</h2>
      <p className="text-muted">{text.warning}</p>
      <dl className="grid gap-x-4 gap-y-1.5 sm:grid-cols-[10rem_minmax(0,1fr)]">
        {facts.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-muted">{name}</dt>
            <dd className="font-medium wrap-anywhere">{value}</dd>
          </div>
        ))}
      </dl>
      {field && (
        <div className="flex flex-wrap items-center gap-3">
          <span className="text-muted">{text.workspace}</span>
          {field}
        </div>
      )}
      {error && <ErrorNote error={error} />}
      <div className="flex flex-wrap gap-3">
        <Button kind="primary" isBusy={isBusy} onClick={() => onDecide(true, workspaceId)}>
          {text.approve}
        </Button>
        <Button disabled={isBusy} onClick={() => onDecide(false, null)}>
          {text.deny}
        </Button>
      </div>
    </section>
  );
}

function Decided({ isApproved }: { readonly isApproved: boolean }) {
  return (
    <Page title={text.title}>
      <div className="panel">
        <EmptyState icon={isApproved ? MonitorCheck : MonitorX} title={isApproved ? text.approvedTitle : text.deniedTitle}>
          {isApproved ? text.approved : text.denied}
        </EmptyState>
      </div>
    </Page>
  );
}
