import type { RequestStatus } from "@parley/wire";
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Activity, RefreshCw } from "lucide-react";
import { type SubmitEvent, useCallback, useEffect, useMemo, useState } from "react";
import { apiKeysQuery } from "../../api/api-keys.ts";
import { modelsQuery } from "../../api/models.ts";
import { requestsQuery } from "../../api/requests.ts";
import { WorkspaceField } from "../../app/workspace-field.tsx";
import { Button } from "../../ui/button.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { type Choice, SelectField, TextField } from "../../ui/field.tsx";
import { Page } from "../../ui/page.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { RequestList } from "./request-list.tsx";
import { text } from "./text.ts";

const route = getRouteApi("/signed-in/requests");
const HOUR_MS = 3_600_000;
const RANGES_MS: Readonly<Record<string, number>> = {
  hour: HOUR_MS,
  day: 24 * HOUR_MS,
  week: 7 * 24 * HOUR_MS,
  month: 30 * 24 * HOUR_MS,
};
/** In place of a key, for what people do in the Console. */
const WORKBENCH = "workbench";
const STATUSES: readonly RequestStatus[] = ["succeeded", "errored", "canceled"];

export function RequestsPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const queryClient = useQueryClient();
  const [nowMs, setNowMs] = useState(Date.now);
  const rangeMs = search.range === undefined ? undefined : RANGES_MS[search.range];
  const filter = {
    from: rangeMs === undefined ? null : new Date(nowMs - rangeMs).toISOString(),
    model: search.model ?? null,
    apiKeyId: search.key ?? null,
    workspaceId: search.workspace ?? null,
    status: STATUSES.find((each) => each === search.status) ?? null,
  };
  const query = requestsQuery(filter);
  const requests = useInfiniteQuery(query);
  const rows = useMemo(() => requests.data?.pages.flatMap((page) => page.data) ?? [], [requests.data]);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = requests;
  const onNearEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  // A filter that few requests match may come with empty pages first.
  const isLooking = requests.isPending || (rows.length === 0 && hasNextPage);
  useEffect(() => {
    if (isLooking) onNearEnd();
  }, [isLooking, onNearEnd]);
  const isFiltered = Object.values(search).some((value) => value !== undefined);

  function showNewest(): void {
    setNowMs(Date.now());
    window.scrollTo({ top: 0 });
    void queryClient.resetQueries({ queryKey: query.queryKey });
  }

  return (
    <Page
      title={text.title}
      about={text.about}
      isWide
      actions={
        <Button onClick={showNewest}>
          <RefreshCw size={15} aria-hidden />
          {text.refresh}
        </Button>
      }
    >
      <Filters search={search} onChange={(change) => void navigate({ search: { ...search, ...change }, replace: true })} />
      {requests.error && <ErrorNote error={requests.error} onRetry={() => void requests.refetch()} />}
      <div className="panel overflow-hidden">
        {isLooking && !requests.error && <SkeletonRows rows={10} rowClass="h-11" />}
        {requests.data && rows.length === 0 && !isLooking && (
          <EmptyState
            icon={Activity}
            title={isFiltered ? text.noMatchTitle : text.emptyTitle}
            action={isFiltered && <Button onClick={() => void navigate({ search: {}, replace: true })}>{text.clear}</Button>}
          >
            {isFiltered ? text.noMatch : text.empty}
          </EmptyState>
        )}
        {rows.length > 0 && <RequestList rows={rows} onNearEnd={onNearEnd} />}
      </div>
      {rows.length > 0 && (
        <p role="status" className="mt-3 text-center text-muted">
          {hasNextPage ? text.loadingMore : text.end}
        </p>
      )}
    </Page>
  );
}

type Search = ReturnType<typeof route.useSearch>;

function Filters({ search, onChange }: { readonly search: Search; readonly onChange: (change: Search) => void }) {
  const navigate = route.useNavigate();
  const { data: models = [] } = useQuery(modelsQuery);
  const keys = useInfiniteQuery(apiKeysQuery({ workspaceId: null, status: null }));
  const [id, setId] = useState("");

  function find(event: SubmitEvent): void {
    event.preventDefault();
    if (id.trim() !== "") void navigate({ to: "/requests/$requestId", params: { requestId: id.trim() } });
  }

  const select = (name: keyof Search, label: string, every: string, choices: readonly Choice[]) => (
    <SelectField
      label={label}
      isLabelHidden
      className="w-full"
      choices={[{ value: "", label: every }, ...choices]}
      value={search[name] ?? ""}
      onChange={(event) => onChange({ [name]: event.target.value === "" ? undefined : event.target.value })}
    />
  );
  return (
    <div className="mb-4 grid grid-cols-2 gap-2 md:grid-cols-3 lg:grid-cols-6">
      {select("range", text.range, text.ranges["all"] ?? "", toChoices(Object.keys(RANGES_MS), text.ranges))}
      {select("status", text.status, text.anyStatus, toChoices(STATUSES, text.statuses))}
      {select(
        "model",
        text.model,
        text.anyModel,
        models.map((model) => ({ value: model.id, label: model.id })),
      )}
      {select("key", text.apiKey, text.anyKey, [
        { value: WORKBENCH, label: text.workbench },
        ...(keys.data?.pages ?? []).flatMap((page) => page.data.map((key) => ({ value: key.id, label: key.name }))),
      ])}
      <WorkspaceField
        every
        isLabelHidden
        className="w-full"
        value={search.workspace ?? null}
        onChange={(id) => onChange({ workspace: id ?? undefined })}
      />
      <form onSubmit={find} className="max-md:odd:col-span-2">
        <TextField
          label={text.find}
          isLabelHidden
          placeholder={text.findPlaceholder}
          title={text.find}
          value={id}
          onChange={(event) => setId(event.target.value)}
        />
      </form>
    </div>
  );
}

const toChoices = (values: readonly string[], names: Readonly<Record<string, string>>): readonly Choice[] =>
  values.map((value) => ({ value, label: names[value] ?? value }));
