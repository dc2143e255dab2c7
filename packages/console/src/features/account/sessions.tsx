import type { ConsoleSessionSummary } from "@parley/wire";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { endSession, sessionsQuery } from "../../api/session.ts";
import { formatDate, formatDateTime, formatRelative } from "../../format/format.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { useToast } from "../../ui/toasts.tsx";
import { text } from "./text.ts";
import { readUserAgent } from "./user-agent.ts";

/** Where one is signed in, and ending what is not oneself. */
export function Sessions() {
  const { data: sessions, error, refetch } = useQuery(sessionsQuery);
  const others = sessions?.filter((session) => !session.is_current) ?? [];
  const end = useEnd();
  return (
    <section className="panel p-5" aria-labelledby="sessions">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div>
          <h2 id="sessions" className="text-[1.08rem] font-semibold">
            {text.sessions}
          </h2>
          <p className="mt-1 text-muted">{text.sessionsAbout}</p>
        </div>
        {others.length > 1 && (
          <Button isBusy={end.isPending} onClick={() => end.mutate(others)}>
            {text.endOthers}
          </Button>
        )}
      </div>
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      {end.error && <ErrorNote error={end.error} />}
      {!sessions && !error && <SkeletonRows rows={1} />}
      <ul className="mt-3 divide-y divide-line">
        {sessions?.map((session) => (
          <li key={session.id} className="flex items-center gap-3 py-2.5">
            <div className="min-w-0 flex-1">
              <div className="flex flex-wrap items-center gap-2 font-medium" title={session.user_agent ?? undefined}>
                {deviceOf(session)}
                {session.is_current && <Badge tone="good">{text.thisSession}</Badge>}
              </div>
              <p className="text-[0.93rem] text-muted" title={formatDateTime(session.last_seen_at)}>
                {text.seen(formatRelative(session.last_seen_at), formatDate(session.expires_at))}
              </p>
            </div>
            {!session.is_current && (
              <Button
                size="small"
                isBusy={end.isPending}
                aria-label={text.endOf(deviceOf(session))}
                onClick={() => end.mutate([session])}
              >
                {text.end}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function useEnd() {
  const queryClient = useQueryClient();
  const toast = useToast();
  return useMutation({
    mutationFn: async (sessions: readonly ConsoleSessionSummary[]) => {
      for (const { id } of sessions) await endSession(id);
      return sessions.length;
    },
    onSuccess: (count) => toast(count === 1 ? text.ended : text.endedOthers),
    // Also when one of them failed: those before it are over.
    onSettled: () => queryClient.invalidateQueries({ queryKey: sessionsQuery.queryKey }),
  });
}

function deviceOf({ user_agent: userAgent }: ConsoleSessionSummary): string {
  const { browser, system } = readUserAgent(userAgent ?? "");
  if (browser !== null && system !== null) return text.browserOn(browser, system);
  return browser ?? system ?? text.unknownDevice;
}
