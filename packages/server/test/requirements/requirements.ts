import { batchesRequirements } from "./batches.ts";
import { dataCareRequirements } from "./data-care.ts";
import { clientToolsRequirements } from "./client-tools.ts";
import { consoleRequirements } from "./console.ts";
import { doorsRequirements } from "./doors.ts";
import { engineRequirements } from "./engine.ts";
import { limitsRequirements } from "./limits.ts";
import { filesRequirements } from "./files.ts";
import { messagesRequirements } from "./messages.ts";
import { moneyRequirements } from "./money.ts";
import { nodesRequirements } from "./nodes.ts";
import { platformRequirements } from "./platform.ts";
import type { Requirement } from "./requirement.ts";
import { signInRequirements } from "./sign-in.ts";
import { skillsRequirements } from "./skills.ts";
import { tenancyRequirements } from "./tenancy.ts";
import { toolsRequirements } from "./tools.ts";
import { upstreamsRequirements } from "./upstreams.ts";
import { validationRequirements } from "./validation.ts";

/** Every promised behaviour that a test proves. */
export const requirements: readonly Requirement[] = [
  ...messagesRequirements,
  ...validationRequirements,
  ...engineRequirements,
  ...platformRequirements,
  ...nodesRequirements,
  ...limitsRequirements,
  ...dataCareRequirements,
  ...moneyRequirements,
  ...filesRequirements,
  ...skillsRequirements,
  ...batchesRequirements,
  ...tenancyRequirements,
  ...signInRequirements,
  ...consoleRequirements,
  ...toolsRequirements,
  ...clientToolsRequirements,
  ...upstreamsRequirements,
  ...doorsRequirements,
];
