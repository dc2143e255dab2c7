import { provedBy, type Requirement } from "./requirement.ts";

/** Several processes and several nodes. */
export const nodesRequirements: readonly Requirement[] = [
  ...provedBy("server/test/e2e/workers.e2e.test.ts", [
    [
      "nodes:workers",
      "8",
      "Workers share port, models, limits and metrics; one that dies is started again, and stopping lets streams finish.",
      "workers answer on one port: local models by their parent, limits in common, metrics in sum, one that is killed comes back",
    ],
    [
      "nodes:programs",
      "surface B",
      "A program that waits is found by whichever worker gets its answer.",
      "a program that waits is found by whichever worker gets its answer",
    ],
  ]),
  ...provedBy("server/src/tools/code-execution/borrow-code-runner.db.test.ts", [
    [
      "nodes:container",
      "10",
      "Processes of one node run one program at a time in a container.",
      "a program goes on whichever process of its node is asked, and has its container to itself among them all",
    ],
  ]),
  ...provedBy("server/src/doors/engine/engine-door.test.ts", [
    [
      "nodes:engine-door",
      "1",
      "Turns and their events cross to another process unchanged.",
      "events cross the door as they are, over a %s",
    ],
    [
      "nodes:engine-door-secret",
      "11",
      "Models are lent only to who knows the nodes' secret.",
      "only this user may open the socket, and only who knows the secret is answered",
    ],
    ["nodes:engine-door-left", "7", "A turn that is left stops where it runs.", "leaving a turn stops it on the other side"],
  ]),
  ...provedBy("server/src/auth/check-master-secret.db.test.ts", [
    [
      "nodes:secret",
      "11",
      "A node with another master secret than its database's does not start.",
      "a node with another master secret than its database's is refused; alone with its database it is only told",
    ],
    [
      "nodes:clock",
      "8",
      "Nodes whose clocks are wrong agree on the time.",
      "nodes whose own clocks are wrong go by the database's",
    ],
  ]),
  ...provedBy("server/src/doors/drain.test.ts", [
    [
      "nodes:drain",
      "7",
      "A server that stops answers everything on the connections that it has.",
      "a server that stops takes no connection, finishes its streams, and answers what comes on connections that it has",
    ],
  ]),
  ...provedBy("server/src/platform/metrics.test.ts", [
    [
      "nodes:metrics",
      "12",
      "Metrics of several processes are added up.",
      "readings of several processes are added up; an upstream is up where all of them find it so",
    ],
  ]),
];
