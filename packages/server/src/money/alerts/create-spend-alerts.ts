import type { Clock } from "../../platform/clock.ts";
import type { Log } from "../../platform/log.ts";
import { type DueDelivery, endDelivery, recordSpendAlerts, takeDueDeliveries } from "../../storage/spend-alerts.ts";
import type { Storage } from "../../storage/storage.ts";
import type { AlertSender } from "./alert-channels.ts";

export interface SpendAlerts {
  /** Looks what has been reached, and tells it. Safe to run twice at once; what could not be told is tried again later. */
  run(): Promise<void>;
}

export interface SpendAlertsDeps {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly log: Pick<Log, "warn">;
  readonly senders: readonly AlertSender[];
}

/** A minute, two, four, and so on up to an hour, for three days. */
const BACKOFF = { limit: 20, backoffMs: 60_000, backoffMaxMs: 3_600_000 };
const GIVE_UP_MS = 3 * 86_400_000;

export function createSpendAlerts({ storage, clock, log, senders }: SpendAlertsDeps): SpendAlerts {
  async function deliver(due: DueDelivery): Promise<void> {
    const sender = senders.find(({ channel }) => channel === due.channel);
    const about = { alertId: due.alert.id, channel: due.channel, attempts: due.attempts };
    try {
      if (!sender) throw new Error("the channel is no longer configured");
      await sender.send(due.alert, clock.nowMs());
      await endDelivery(storage, due, new Date(clock.nowMs()));
    } catch (error) {
      const isOver = clock.nowMs() - due.alert.createdAt.getTime() > GIVE_UP_MS;
      log.warn({ err: error, ...about }, isOver ? "a spend alert was given up" : "a spend alert could not be sent");
      if (isOver) await endDelivery(storage, due, null);
    }
  }

  return {
    async run() {
      const channels = senders.map(({ channel }) => channel);
      await recordSpendAlerts(storage, channels, new Date(clock.nowMs()));
      for (;;) {
        const due = await takeDueDeliveries(storage, new Date(clock.nowMs()), BACKOFF);
        await Promise.all(due.map(deliver));
        if (due.length < BACKOFF.limit) return;
      }
    },
  };
}
