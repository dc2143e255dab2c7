import { bedrockDoor } from "./bedrock/bedrock-door.ts";
import type { CloudDoor } from "./cloud/cloud-door.ts";
import { foundryDoor } from "./foundry/foundry-door.ts";
import { mantleDoor } from "./mantle/mantle-door.ts";
import { openaiDoor } from "./openai/openai-door.ts";
import { vertexDoor } from "./vertex/vertex-door.ts";

/** Every door of a cloud, and the OpenAI-shaped one; a request goes to the first that knows its path. */
export const clouds: readonly CloudDoor[] = [vertexDoor, bedrockDoor, mantleDoor, foundryDoor, openaiDoor];
