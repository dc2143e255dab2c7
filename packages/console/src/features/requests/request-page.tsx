import type { LoggedRequest } from "@parley/wire";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { ArrowLeft, CircleAlert } from "lucide-react";
import { apiKeysQuery } from "../../api/api-keys.ts";
import { usersQuery } from "../../api/members.ts";
import { requestQuery } from "../../api/requests.ts";
import { useWorkspaces } from "../../api/workspaces.ts";
import { formatCents, formatDateTime, formatDuration, formatPercent, formatWhole } from "../../format/format.ts";
import { CopyButton } from "../../ui/copy-button.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { type Fact, Facts } from "../../ui/facts.tsx";
import { Page } from "../../ui/page.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { Tile } from "../../ui/tile.tsx";
import { promptTokens, tokensPerSecond } from "./figures.ts";
import { StatusBadge } from "./status-badge.tsx";
import { text } from "./text.ts";
import { Waterfall } from "./waterfall.tsx";

const route = getRouteApi("/signed-in/requests/$requestId");

export function RequestPage() {
  const { requestId } = route.useParams();
  const { data: request, error, refetch } = useQuery(requestQuery(requestId));
  return (
    <Page
      title={text.one}
      about={
        <span className="flex flex-wrap items-center gap-x-2">
          <code className="font-mono text-[0.93rem] break-all">{requestId}</code>
          <CopyButton value={requestId} label={text.copyId} />
          {request && <StatusBadge request={request} />}
        </span>
      }
      actions={
        <Link to="/requests" className="inline-flex items-center gap-1.5 text-muted hover:text-ink">
          <ArrowLeft size={15} aria-hidden />
          {text.back}
        </Link>
      }
    >
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      {!request && !error && (
        <div className="panel">
          <SkeletonRows rows={8} />
        </div>
      )}
      {request && <Shown request={request} />}
    </Page>
  );
}

function Shown({ request }: { readonly request: LoggedRequest }) {
  const { timings_ms: timings, usage, error } = request;
  const speed = tokensPerSecond(request);
  const firstTokenMs = timings && usage && usage.output_tokens > 0 ? request.duration_ms - timings.decode : null;
  return (
    <div className="grid grid-cols-1 gap-4">
      {error && <Failure error={error} />}
      <div className="grid grid-cols-2 gap-3 lg:grid-cols-4">
        <Tile name={text.took} value={formatDuration(request.duration_ms)} />
        <Tile name={text.firstToken} value={firstTokenMs === null ? text.notApplicable : formatDuration(firstTokenMs)} />
        <Tile name={text.tokensPerSecond} value={speed === null ? text.notApplicable : formatWhole(Math.round(speed))} />
        <Tile name={text.cost} value={request.cost === null ? text.notApplicable : formatCents(request.cost)} />
      </div>
      <section className="panel p-4" aria-labelledby="waterfall">
        <h2 id="waterfall" className="mb-3 font-semibold">
          {text.waterfall}
        </h2>
        {timings ? <Waterfall timings={timings} labelledBy="waterfall" /> : <p className="text-muted">{text.noPhases}</p>}
      </section>
      {usage && <Tokens usage={usage} miss={request.cache_miss} />}
      <section className="panel p-4" aria-labelledby="details">
        <h2 id="details" className="mb-1 font-semibold">
          {text.details}
        </h2>
        <Details request={request} />
      </section>
    </div>
  );
}

function Failure({ error }: { readonly error: NonNullable<LoggedRequest["error"]> }) {
  const advice = text.advice[error.type];
  return (
    <section aria-label={text.errorTitle} className="flex gap-3 rounded-lg border border-danger/35 bg-danger-soft p-3.5">
      <CircleAlert size={17} className="mt-0.5 shrink-0 text-danger" aria-hidden />
      <div className="min-w-0">
        <p className="font-medium">
          {text.errorTitle}: <code className="font-mono text-[0.96rem]">{error.type}</code>
          {error.status !== null && ` · ${text.errorStatus(error.status)}`}
        </p>
        <p className="break-words">{error.message ?? text.noMessage}</p>
        {advice && <p className="mt-1 text-muted">{advice}</p>}
      </div>
    </section>
  );
}

function Tokens({
  usage,
  miss,
}: {
  readonly usage: NonNullable<LoggedRequest["usage"]>;
  readonly miss: LoggedRequest["cache_miss"];
}) {
  const facts: readonly Fact[] = [
    { name: text.kinds.uncached, value: formatWhole(usage.input_tokens) },
    { name: text.kinds.read, value: formatWhole(usage.cache_read_input_tokens) },
    { name: text.kinds.written, value: formatWhole(usage.cache_creation_input_tokens) },
    { name: text.kinds.output, value: formatWhole(usage.output_tokens) },
  ];
  return (
    <section className="panel p-4" aria-labelledby="tokens">
      <h2 id="tokens" className="mb-1 font-semibold">
        {text.tokens}
      </h2>
      <Facts facts={facts.map(({ name, value }) => ({ name, value: <span className="tabular-nums">{value}</span> }))} />
      <p className="mt-3 text-muted">
        {aboutCache(usage, miss)} {usage.thinking_tokens > 0 && text.thinking(formatWhole(usage.thinking_tokens))}
      </p>
    </section>
  );
}

function aboutCache(usage: NonNullable<LoggedRequest["usage"]>, miss: LoggedRequest["cache_miss"]): string {
  if (miss) {
    const tokens = miss.missed_input_tokens;
    return `${text.misses[miss.reason] ?? miss.reason} ${tokens === null ? "" : text.missed(formatWhole(tokens))}`;
  }
  if (usage.cache_read_input_tokens > 0) {
    return text.cacheHit(formatPercent(usage.cache_read_input_tokens / promptTokens(usage)));
  }
  return usage.cache_creation_input_tokens > 0 ? text.cacheStored : text.cacheOff;
}

function Details({ request }: { readonly request: LoggedRequest }) {
  const workspaces = useWorkspaces();
  const keys = useInfiniteQuery(apiKeysQuery({ workspaceId: null, status: null }));
  const users = useInfiniteQuery(usersQuery);
  const keyName = keys.data?.pages.flatMap((page) => page.data).find(({ id }) => id === request.api_key_id)?.name;
  const person = users.data?.pages.flatMap((page) => page.data).find(({ id }) => id === request.user_id);
  const facts: readonly (readonly [string, string | null])[] = [
    [text.startedAt, formatDateTime(request.started_at)],
    [text.product, request.product && (text.products[request.product] ?? request.product)],
    [text.model, request.model],
    [text.weights, request.weights],
    [text.workspace, workspaces.find(({ id }) => id === request.workspace_id)?.name ?? text.defaultWorkspace],
    [text.apiKey, request.api_key_id === null ? text.workbench : (keyName ?? request.api_key_id)],
    [text.person, person?.name ?? request.user_id],
    [text.tier, request.service_tier],
    [text.stopReason, request.stop_reason],
    [text.message, request.message_id],
    [text.session, request.session_id],
    [text.content, text.contentNotKept],
  ];
  return <Facts facts={facts.flatMap(([name, value]) => (value === null ? [] : [{ name, value }]))} />;
}
