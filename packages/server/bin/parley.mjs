#!/usr/bin/env node
// The published command. Needs Node 24; in a clone, `npm run parley --` brings its own.
if (Number(process.versions.node.split(".")[0]) < 24) {
  process.stderr.write(`parley needs Node.js 24 or newer; this is ${process.versions.node}.\n`);
  process.exit(1);
}
await import("../dist/cli/main.js");
