import { Webhook } from "standardwebhooks";
import { type Egress, readAll } from "../../egress/index.ts";
import type { Config } from "../../platform/config.ts";
import { type AlertChannel, findMoneyAddresses, type SpendAlertRow } from "../../storage/spend-alerts.ts";
import type { Storage } from "../../storage/storage.ts";
import { toAlertEvent } from "./to-alert-event.ts";
import { toAlertMail } from "./to-alert-mail.ts";

/** Tells people or machines of an alert; throws where they could not be told. */
export interface AlertSender {
  readonly channel: AlertChannel;
  send(alert: SpendAlertRow, nowMs: number): Promise<void>;
}

/** What may be told of them: an address's path may hold a secret, as may the mail server's. */
export function toAlertChannels({ webhook_url: url, mail_from: mailFrom }: Config["alerts"]) {
  return { webhookOrigin: url === null ? null : new URL(url).origin, mailFrom };
}

const WEBHOOK_TIMEOUT_MS = 10_000;
const MAIL_TIMEOUT_MS = 15_000;
const REPLY_MAX_BYTES = 64 * 1024;

/** Those that are configured. */
export function toAlertSenders(
  config: Config["alerts"],
  { egress, storage }: { readonly egress: Egress; readonly storage: Storage },
): AlertSender[] {
  const { webhook_url: url, webhook_secret: secret, smtp_url: smtpUrl, mail_from: from } = config;
  const addressesOf = (organizationId: string) => findMoneyAddresses(storage, organizationId);
  return [
    ...(url === null || secret === null ? [] : [createWebhookSender({ url, secret, egress })]),
    ...(smtpUrl === null || from === null ? [] : [createMailSender({ smtpUrl, from, addressesOf })]),
  ];
}

/** Signed as standardwebhooks.com says; each alert keeps its `webhook-id` however often it is tried. */
function createWebhookSender(options: { readonly url: string; readonly secret: string; readonly egress: Egress }): AlertSender {
  const webhook = new Webhook(options.secret);
  return {
    channel: "webhook",
    async send(alert, nowMs) {
      const body = JSON.stringify(toAlertEvent(alert));
      const sentAt = new Date(nowMs);
      const reply = await options.egress(options.url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "webhook-id": alert.id,
          "webhook-timestamp": String(Math.floor(nowMs / 1_000)),
          "webhook-signature": webhook.sign(alert.id, sentAt, body),
        },
        body,
        timeoutMs: WEBHOOK_TIMEOUT_MS,
        maxBytes: REPLY_MAX_BYTES,
      });
      await readAll(reply.body);
      if (reply.status < 200 || reply.status > 299) throw new Error(`the webhook answered ${reply.status}`);
    },
  };
}

function createMailSender(options: {
  /** `smtp://user:password@host:587`, or `smtps://`. */
  readonly smtpUrl: string;
  readonly from: string;
  readonly addressesOf: (organizationId: string) => Promise<readonly string[]>;
}): AlertSender {
  /** Loaded by the first mail: most servers send none. */
  const connect = async () => {
    const { createTransport } = await import("nodemailer");
    return createTransport({
      url: options.smtpUrl,
      connectionTimeout: MAIL_TIMEOUT_MS,
      greetingTimeout: MAIL_TIMEOUT_MS,
      socketTimeout: MAIL_TIMEOUT_MS,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  };
  let connected: ReturnType<typeof connect> | null = null;
  return {
    channel: "mail",
    async send(alert) {
      const to = await options.addressesOf(alert.organizationId);
      if (to.length === 0) throw new Error("nobody looks after the organization's money");
      // The same id at each try: who got it twice sees it once.
      connected ??= connect();
      const transport = await connected;
      await transport.sendMail({ ...toAlertMail(alert), from: options.from, to: [...to], messageId: `<${alert.id}@parley>` });
    },
  };
}
