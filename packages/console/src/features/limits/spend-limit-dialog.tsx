import type { SpendLimit, SpendLimitSetRequest } from "@parley/wire";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { LIMITS, setSpendLimit } from "../../api/limits.ts";
import { useConfirmed } from "../../app/reauthentication.tsx";
import { SelectField } from "../../ui/field.tsx";
import { FormDialog } from "../../ui/form-dialog.tsx";
import { useToast } from "../../ui/toasts.tsx";
import { AmountField } from "./amount-field.tsx";
import { toCents, toDollars } from "./dollars.ts";
import { text } from "./text.ts";
import type { ScopeNames } from "./use-scope-names.ts";

type ScopeType = SpendLimitSetRequest["scope"]["type"];
const SCOPE_TYPES: readonly ScopeType[] = ["organization", "workspace", "api_key", "user"];
const PERIODS: readonly SpendLimit["period"][] = ["monthly", "weekly", "daily"];

/** Sets a limit, or changes the amount of the one that is given. What it is for is chosen, unless `scope` says it. */
export function SpendLimitDialog({
  limit,
  scope = ownScope(limit),
  names = NO_NAMES,
  onClose,
}: {
  readonly limit: SpendLimit | null;
  readonly scope?: SpendLimitSetRequest["scope"] | null;
  readonly names?: Pick<ScopeNames, "workspaces" | "apiKeys" | "users">;
  readonly onClose: () => void;
}) {
  const [type, setType] = useState<ScopeType>("organization");
  const [chosen, setChosen] = useState("");
  const [period, setPeriod] = useState<SpendLimit["period"]>(limit?.period ?? "monthly");
  const [dollars, setDollars] = useState(limit?.amount ? toDollars(limit.amount) : "");
  const queryClient = useQueryClient();
  const confirmed = useConfirmed();
  const toast = useToast();
  const choices = type === "workspace" ? names.workspaces : type === "api_key" ? names.apiKeys : names.users;
  const id = chosen === "" ? (choices[0]?.value ?? "") : chosen;
  const save = useMutation({
    mutationFn: (amount: string) => confirmed(() => setSpendLimit({ amount, period, scope: scope ?? toScope(type, id) })),
    onSuccess: () => {
      toast(text.saved);
      onClose();
      void queryClient.invalidateQueries({ queryKey: LIMITS });
    },
  });
  return (
    <FormDialog
      title={limit ? text.changeTitle : text.setTitle}
      action={text.save}
      isBusy={save.isPending}
      error={save.error}
      onClose={onClose}
      onSubmit={() => {
        // Null would mean: no limit.
        const amount = toCents(dollars);
        if (amount !== null) save.mutate(amount);
      }}
    >
      {scope === null && (
        <>
          <SelectField
            label={text.scope}
            choices={SCOPE_TYPES.map((value) => ({ value, label: text.scopes[value] ?? value }))}
            value={type}
            onChange={(event) => {
              setType(SCOPE_TYPES.find((each) => each === event.target.value) ?? "organization");
              setChosen("");
            }}
          />
          {type !== "organization" && (
            <SelectField label={text.which} choices={choices} value={id} onChange={(event) => setChosen(event.target.value)} />
          )}
        </>
      )}
      {!limit && (
        <SelectField
          label={text.period}
          choices={PERIODS.map((value) => ({ value, label: text.periods[value] ?? value }))}
          value={period}
          onChange={(event) => setPeriod(PERIODS.find((each) => each === event.target.value) ?? "monthly")}
        />
      )}
      <AmountField label={text.dollars} hint={text.dollarsHint} value={dollars} onChange={setDollars} />
    </FormDialog>
  );
}

const NO_NAMES = { workspaces: [], apiKeys: [], users: [] };

function ownScope(limit: SpendLimit | null): SpendLimitSetRequest["scope"] | null {
  return limit === null || limit.scope.type === "usage_tier" ? null : limit.scope;
}

function toScope(type: ScopeType, id: string): SpendLimitSetRequest["scope"] {
  if (type === "workspace") return { type, workspace_id: id };
  if (type === "api_key") return { type, api_key_id: id };
  return type === "user" ? { type, user_id: id } : { type };
}
