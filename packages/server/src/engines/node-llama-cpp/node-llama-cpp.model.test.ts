import { testTokenBackendContract } from "../contract/test-token-backend-contract.ts";
import { startNodeLlamaCpp } from "./start-node-llama-cpp.ts";

testTokenBackendContract("node-llama-cpp", (options) => startNodeLlamaCpp({ ...options, gpu: false }));
