import { ConsoleEvent } from "@parley/wire";
import { setTimeout as pause } from "node:timers/promises";
import type { ChangeTopic } from "../../platform/changes.ts";
import { defineEndpoint, type SessionRequest, type StreamPart } from "../define-endpoint.ts";
import type { EndpointDeps } from "../deps.ts";
import { maySteerModels } from "../shared/steer-models.ts";

/** How often what changes by itself is looked at: slots, speed, downloads. */
const LOOK_EVERY_MS = 1_000;
/** What comes within so long is told at once, however much it is. */
const GATHER_MS = 400;
/** How often a stream asks whether its session still is one: what is revoked ends here, too. */
const CHECK_SESSION_EVERY_MS = 15_000;

export const consoleEvents = defineEndpoint({
  name: "console-events",
  summary: "What an open page is told: something to ask for again, or the state of the models",
  method: "GET",
  path: "/console/api/events",
  permission: "session",
  reply: { schema: null, events: ConsoleEvent },
  async handle(request, deps) {
    return { kind: "stream", headers: { "cache-control": "no-store" }, parts: tell(request, deps) };
  },
});

async function* tell({ session, sessionToken, signal }: SessionRequest, deps: EndpointDeps): AsyncGenerator<StreamPart> {
  const { changes, modelControl, accounts, clock } = deps;
  using watch = changes.watch(session.organizationId);
  const viewer = { maySteer: await maySteerModels(deps, session) };
  let told = "";
  let checkedAtMs = clock.monotonicMs();
  do {
    if (clock.monotonicMs() - checkedAtMs > CHECK_SESSION_EVERY_MS) {
      if (!(await accounts.sessions.isLive(sessionToken))) return;
      checkedAtMs = clock.monotonicMs();
    }
    for (const topic of watch.take()) yield changed(topic);
    const models = await modelControl.state(viewer);
    const state = JSON.stringify(models);
    if (state !== told) yield { event: "console_models", data: models };
    told = state;
    await pause(GATHER_MS, undefined, { signal }).catch(() => {});
  } while (await watch.wait(LOOK_EVERY_MS, signal));
}

const changed = (topic: ChangeTopic): StreamPart => ({ event: "changed", data: { type: "changed", topic } });
