import { setTimeout as pause } from "node:timers/promises";
import { changeAudited } from "../../storage/audit-log.ts";
import { deleteDrainedUpstream, insertDrainedUpstream } from "../../storage/drained-upstreams.ts";
import { findFirstOrganization } from "../../storage/organizations.ts";
import { askRouteReload, listRouteReloadAnswers, readRouteOrders, type RouteReloadAnswer } from "../../storage/route-reloads.ts";
import { toAuditedAct } from "../../tenancy/tenancy-deps.ts";
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

/** Getting here means that this machine's configuration is valid. All nodes of the database act on it within a second. */
export function drainUpstream(context: CliContext, upstream: string, isDrained: boolean): Promise<void> {
  const { upstreams, pools } = context.config;
  return withTenancy(context, async (deps, doer) => {
    const { storage, clock } = deps;
    const organization = await findFirstOrganization(storage);
    if (organization === null) throw new UserError("There is no server on this database yet: start one with parley up.");
    const { organizationId } = organization;
    if (isDrained && !Object.hasOwn(upstreams, upstream)) {
      throw new UserError(
        `The configuration names no upstream ${upstream}, but ${Object.keys(upstreams).join(", ") || "none at all"}.`,
      );
    }
    const action = isDrained ? "upstream.drain" : "upstream.resume";
    const act = toAuditedAct(deps, { ...doer, organizationId });
    await changeAudited(storage, "drain or resume an upstream", act, async (queries, record) => {
      await record({ action, target: { type: "upstream", id: upstream }, before: null, after: null });
      const drainedBy = `${doer.actor.type}:${doer.actor.id}`;
      if (isDrained) await insertDrainedUpstream(queries, { upstream, drainedAt: new Date(clock.nowMs()), drainedBy });
      else if (!(await deleteDrainedUpstream(queries, upstream))) throw new UserError(`${upstream} is not drained.`);
    });
    const { drained } = await readRouteOrders(storage);
    const left = Object.keys(pools).filter((name) => pools[name]?.targets.every((target) => drained.includes(target.upstream)));
    context.emit({ drained, pools_left_to_fallbacks: left });
    context.say(
      isDrained
        ? `Within a second ${upstream} gets no new turns. Those that it has end there; parley top shows them.`
        : `Within a second ${upstream} gets turns again.`,
    );
    if (left.length > 0) context.say(`All upstreams of ${left.join(", ")} are drained: only fallbacks answer there.`);
  });
}
