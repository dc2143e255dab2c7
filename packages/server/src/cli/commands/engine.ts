import { engineStatus } from "../../engines/install/engine-status.ts";
import { installLlamaServer } from "../../engines/install/install-llama-server.ts";
import type { CliContext } from "../cli-context.ts";
import { formatBytes } from "../progress-bar.ts";
