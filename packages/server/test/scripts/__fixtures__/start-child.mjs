// Starts a child that has a child of its own, as `npm test` does, and says both of their ids.
import { startChild } from "../../../../../scripts/children.mjs";

const child = startChild("sh", ["-c", "sleep 600 & echo $!; wait"], { stdio: ["ignore", "pipe", "inherit"] });
child.stdout.once("data", (text) => process.stdout.write(`${child.pid} ${text}`));
