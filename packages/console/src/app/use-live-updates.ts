import { ConsoleEvent } from "@parley/wire";
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { consoleModelsQuery } from "../api/models.ts";
import { sessionQuery } from "../api/session.ts";

const PATH = "/console/api/events";
const EVENTS = ["changed", "console_models"];
const AGAIN_AFTER_MS = 5_000;

/**
 * Hears from the server what changed, for as long as the page is looked at: browsers open six connections to one server at
 * most, and many hidden tabs would take them all. `changed` names a topic, and a topic is how the keys of its queries begin.
 */
export function useLiveUpdates(): void {
  const queryClient = useQueryClient();
  useEffect(() => {
    let source: EventSource | null = null;
    let again: ReturnType<typeof setTimeout> | undefined;
    let wasAway = false;

    function listen(): void {
      source = new EventSource(PATH);
      source.addEventListener("open", () => {
        // What happened meanwhile nobody told.
        if (wasAway) void queryClient.invalidateQueries();
        wasAway = true;
      });
      for (const name of EVENTS) source.addEventListener(name, (event: MessageEvent<string>) => take(queryClient, event.data));
      source.addEventListener("error", () => {
        if (source?.readyState !== EventSource.CLOSED) return;
        // Refused: the session may be over, which the question for it finds out. Else the server is busy or starting.
        void queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey });
        again = setTimeout(listen, AGAIN_AFTER_MS);
      });
    }
    function hush(): void {
      clearTimeout(again);
      source?.close();
      source = null;
    }
    function follow(): void {
      if (document.visibilityState === "hidden") hush();
      else if (source === null) listen();
    }

    follow();
    document.addEventListener("visibilitychange", follow);
    return () => {
      document.removeEventListener("visibilitychange", follow);
      hush();
    };
  }, [queryClient]);
}

/** A list of which somebody has asked for more: all its pages would be read again, and move under their eyes. */
function isReadOn(data: unknown): boolean {
  return typeof data === "object" && data !== null && "pages" in data && Array.isArray(data.pages) && data.pages.length > 1;
}

function take(queryClient: QueryClient, data: string): void {
  const parsed = ConsoleEvent.safeParse(JSON.parse(data));
  if (!parsed.success) return;
  const event = parsed.data;
  switch (event.type) {
    case "changed":
      void queryClient.invalidateQueries({ queryKey: [event.topic], predicate: (query) => !isReadOn(query.state.data) });
      return;
    case "console_models":
      queryClient.setQueryData(consoleModelsQuery.queryKey, event);
      return;
    default:
      event satisfies never;
  }
}
