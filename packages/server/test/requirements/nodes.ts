import { provedBy, type Requirement } from "./requirement.ts";

/** Several processes and several nodes. */
export const nodesRequirements: readonly Requirement[] = [
  ...provedBy("server/test/e2e/workers.e2e.test.ts", [
    [
      "nodes:workers",
      "8",
      "Workers share port, models, limits and metrics; one that dies is started again, and stopping loses no stream and no connection.",
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
    [
      "nodes:notice",
      "7",
      "A node that is told to stop can say so before it closes its port.",
      "a server that gives notice says that it is not ready, and answers newcomers until the notice is over",
    ],
    [
      "nodes:left-turn",
      "7",
      "A node that stops waits for no turn that goes on without its client.",
      "a turn that goes on though its client has left does not hold a server that stops",
    ],
    [
      "nodes:waiting-connections",
      "7",
      "Connections that a busy node has not taken yet when it is told to stop are answered.",
      "connections that wait while a busy server is told to stop are answered",
    ],
  ]),
  ...provedBy("server/src/platform/metrics.test.ts", [
    [
      "nodes:metrics",
      "12",
      "Metrics of several processes are added up.",
      "readings of several processes are added up; an upstream is up where all of them find it so",
    ],
    [
      "nodes:exemplars",
      "12",
      "Figures lead to the trace of a request that they are of, whichever process counted it.",
      "OpenMetrics shows the newest sampled request of each bucket, over all processes",
    ],
    [
      "nodes:metrics-text",
      "12",
      "Who asks for the classic text gets it, whatever others ask for.",
      "the classic text is the same before and after somebody has read OpenMetrics",
    ],
  ]),
  ...provedBy("server/src/storage/silence-watch.db.test.ts", [
    [
      "nodes:cut-off",
      "7",
      "A node that is cut off from the database says so soon, and goes on when it is back.",
      "a database whose packets vanish is found out long before a statement's time limit, and used again when it is back",
    ],
  ]),
  ...provedBy("server/src/engines/router/traces.test.ts", [
    [
      "nodes:traces",
      "12",
      "One trace leads from the caller through the router to the engine, on whatever node it is.",
      "one trace leads from the caller through the router to an upstream, and through another node's door to its engine",
    ],
  ]),
  ...provedBy("server/src/cli/top/render-status.test.ts", [
    [
      "nodes:top",
      "12",
      "`parley top` shows queue, slots, cache, tokens a second and spend.",
      "a look shows queue, slots, cache, tokens a second, spend and upstreams",
    ],
    [
      "nodes:top-terminal",
      "12",
      "What `parley top` shows fits its terminal, and never compares two nodes' counters.",
      "no line is wider, and no look taller, than the terminal; another node's counters give no rate",
    ],
    ["nodes:top-metrics", "12", "`parley top` reads what Prometheus gets.", "counters are read from what Prometheus gets"],
  ]),
];
