import { setTimeout as pause } from "node:timers/promises";
import { askRouteReload, listRouteReloadAnswers, type RouteReloadAnswer } from "../../storage/route-reloads.ts";
import { type CliContext, UserError } from "../cli-context.ts";
import { withTenancy } from "../with-tenancy.ts";

/** Nodes look every 0.8 s. */
const WAIT_MS = 2_500;
const LOOK_EVERY_MS = 250;

/** Getting here means that this machine's configuration is valid. Asks all nodes of the database to read theirs anew. */
export function reloadUpstreams(context: CliContext): Promise<void> {
  return withTenancy(context, async ({ storage }, { actor }) => {
    const id = await askRouteReload(storage, `${actor.type}:${actor.id}`);
    let answers: readonly RouteReloadAnswer[] = [];
    for (let waitedMs = 0; waitedMs < WAIT_MS; waitedMs += LOOK_EVERY_MS) {
      await pause(LOOK_EVERY_MS);
      answers = await listRouteReloadAnswers(storage, id);
    }
    context.emit({ nodes: answers.map(({ node, problem }) => ({ node, problem })) });
    for (const { node, problem } of answers) {
      context.say(problem === null ? `${node}: goes by the new routes` : `${node}: goes on as before: ${problem}`);
    }
    if (answers.length === 0) throw new UserError("No server has answered. Does one run on this database?");
    if (answers.some(({ problem }) => problem !== null)) throw new UserError("Not all nodes go by the new routes.");
  });
}
