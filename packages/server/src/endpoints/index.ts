import { costReport } from "./cost-report/endpoint.ts";
import { complete } from "./complete/endpoint.ts";
import type { Endpoint } from "./define-endpoint.ts";
import { filesCreate } from "./files-create/endpoint.ts";
import { filesList } from "./files-list/endpoint.ts";
import { filesGet } from "./files-get/endpoint.ts";
import { filesContent } from "./files-content/endpoint.ts";
import { filesDelete } from "./files-delete/endpoint.ts";
import { healthz } from "./healthz/endpoint.ts";
import { messagesCountTokens } from "./messages-count-tokens/endpoint.ts";
import { messagesCreate } from "./messages-create/endpoint.ts";
import { metrics } from "./metrics/endpoint.ts";
import { modelsGet } from "./models-get/endpoint.ts";
import { modelsList } from "./models-list/endpoint.ts";
import { openapi } from "./openapi/endpoint.ts";
import { organizationsMe } from "./organizations-me/endpoint.ts";
import { usageReportClaudeCode } from "./usage-report-claude-code/endpoint.ts";
import { usageReportMessages } from "./usage-report-messages/endpoint.ts";
import { readyz } from "./readyz/endpoint.ts";

/** Every operation; routes and the OpenAPI document derive from it. One line an endpoint. */
export const endpoints: readonly Endpoint[] = [
  messagesCreate,
  messagesCountTokens,
  modelsList,
  modelsGet,
  complete,
  filesCreate,
  filesList,
  filesGet,
  filesContent,
  filesDelete,
  organizationsMe,
  usageReportMessages,
  costReport,
  usageReportClaudeCode,
  openapi(() => endpoints),
  healthz,
  readyz,
  metrics,
];
