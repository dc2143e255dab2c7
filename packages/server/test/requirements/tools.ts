import { provedBy, type Requirement } from "./requirement.ts";

/** Server tools, and how the server fetches what others point it to. */
export const toolsRequirements: readonly Requirement[] = [
  ...provedBy("server/src/egress/egress.test.ts", [
    [
      "egress:spellings",
      "11",
      "An address that leads into this machine or its network is not reached, however it is spelled.",
      "is never reached, however it is spelled",
    ],
    ["egress:redirects", "11", "Each redirect is checked like the first address.", "is not reached by a redirect, at any hop"],
    [
      "egress:rebinding",
      "11",
      "The connection goes to the address that was checked, whatever the name says a moment later.",
      "a name that is rebound after the check leads to the address that was checked, and is asked for once",
    ],
    [
      "egress:allow",
      "11",
      "What is not public is reached where the operator lists it, and nowhere else.",
      "is reached only where the operator lists it: by name and port, by address, by network",
    ],
    ["egress:size", "11", "A reply is cut at its limit, after decompression.", "is cut at its limit after decompression: %s"],
    [
      "egress:secrets",
      "11",
      "Redirects are limited in number and take no secrets to another origin.",
      "follows redirects up to the limit, and takes no secrets to another origin",
    ],
  ]),
];
