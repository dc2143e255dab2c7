import { ConsoleDone, ConsoleRecoveryCodes, ConsoleTotpEnrolment } from "@parley/wire";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { call } from "../../api/call.ts";
import { sessionQuery } from "../../api/session.ts";
import { useConfirmed } from "../../app/reauthentication.tsx";
import { useSession } from "../../app/use-session.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { CodeBlock } from "../../ui/code-block.tsx";
import { CodeField } from "../../ui/code-field.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { FormDialog } from "../../ui/form-dialog.tsx";
import { QrCode } from "../../ui/qr-code.tsx";
import { text } from "./text.ts";

const PATH = "/console/api/second-factor";

interface Enrolment {
  readonly secret: string;
  readonly uri: string;
}

export function SecondFactor() {
  const { second_factor: isOn } = useSession();
  const queryClient = useQueryClient();
  const confirmed = useConfirmed();
  const [enrolment, setEnrolment] = useState<Enrolment | null>(null);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const [isDisabling, setDisabling] = useState(false);
  const refresh = () => queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey });
  const enrol = useMutation({
    mutationFn: () => confirmed(() => call(ConsoleTotpEnrolment, PATH, { method: "POST" })),
    onSuccess: setEnrolment,
  });

  return (
    <section className="panel p-5" aria-labelledby="second-factor">
      <div className="flex items-center gap-3">
        <h2 id="second-factor" className="text-[1.08rem] font-semibold">
          {text.secondFactor}
        </h2>
        <Badge tone={isOn ? "good" : "neutral"}>{isOn ? text.on : text.off}</Badge>
      </div>
      <p className="mt-1 text-muted">{isOn ? text.secondFactorOn : text.secondFactorOff}</p>
      {enrol.error && (
        <div className="mt-4">
          <ErrorNote error={enrol.error} />
        </div>
      )}
      <div className="mt-4">
        {isOn ? (
          <Button onClick={() => setDisabling(true)}>{text.turnOff}</Button>
        ) : (
          <Button isBusy={enrol.isPending} onClick={() => enrol.mutate()}>
            {text.turnOn}
          </Button>
        )}
      </div>
      {enrolment && (
        <EnrolDialog
          enrolment={enrolment}
          onClose={() => setEnrolment(null)}
          onCodes={(fresh) => {
            setEnrolment(null);
            setCodes(fresh);
            void refresh();
          }}
        />
      )}
      {codes && <RecoveryDialog codes={codes} onClose={() => setCodes(null)} />}
      {isDisabling && (
        <DisableDialog
          onClose={() => setDisabling(false)}
          onDone={() => {
            setDisabling(false);
            void refresh();
          }}
        />
      )}
    </section>
  );
}

function EnrolDialog({
  enrolment,
  onClose,
  onCodes,
}: {
  readonly enrolment: Enrolment;
  readonly onClose: () => void;
  readonly onCodes: (codes: readonly string[]) => void;
}) {
  const [code, setCode] = useState("");
  const confirm = useMutation({
    mutationFn: () => call(ConsoleRecoveryCodes, `${PATH}/confirm`, { method: "POST", body: { code } }),
    onSuccess: (reply) => onCodes(reply.codes),
  });
  return (
    <FormDialog
      title={text.enrolTitle}
      description={text.enrolAbout}
      action={text.turnOn}
      isBusy={confirm.isPending}
      error={confirm.error}
      onClose={onClose}
      onSubmit={() => confirm.mutate()}
    >
      <div className="grid justify-items-center gap-3">
        <QrCode value={enrolment.uri} label={text.qrLabel} />
        <CodeBlock code={enrolment.secret} label={text.secretLabel} className="w-full" />
      </div>
      <CodeField value={code} onChange={setCode} takesRecovery={false} />
    </FormDialog>
  );
}

function DisableDialog({ onClose, onDone }: { readonly onClose: () => void; readonly onDone: () => void }) {
  const [code, setCode] = useState("");
  const disable = useMutation({
    // A wrong code is no end of the session.
    meta: { isSignIn: true },
    mutationFn: () => call(ConsoleDone, `${PATH}/disable`, { method: "POST", body: { code } }),
    onSuccess: onDone,
  });
  return (
    <FormDialog
      title={text.disableTitle}
      action={text.turnOff}
      isBusy={disable.isPending}
      error={disable.error}
      onClose={onClose}
      onSubmit={() => disable.mutate()}
    >
      <CodeField value={code} onChange={setCode} autoFocus />
    </FormDialog>
  );
}

function RecoveryDialog({ codes, onClose }: { readonly codes: readonly string[]; readonly onClose: () => void }) {
  return (
    <Dialog
      isOpen
      isSticky
      onClose={onClose}
      title={text.recoveryTitle}
      description={text.recoveryAbout}
      actions={
        <Button kind="primary" onClick={onClose}>
          {text.kept}
        </Button>
      }
    >
      <CodeBlock code={codes.join("\n")} label={text.recoveryLabel} />
    </Dialog>
  );
}
