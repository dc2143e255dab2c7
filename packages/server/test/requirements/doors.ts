import { provedBy, type Requirement } from "./requirement.ts";

/** The doors of the clouds. */
export const doorsRequirements: readonly Requirement[] = [
  ...provedBy("server/test/doors/vertex.db.test.ts", [
    [
      "vertex:sdk",
      "surface G",
      "The official Vertex client works with nothing but its base URL changed.",
      "the official Vertex client gets messages, whole and streamed, of the model in the path, and each is on the ledger",
    ],
    [
      "vertex:tools",
      "surface G",
      "Tools work through the Vertex client.",
      "tools are called and answered through the Vertex client",
    ],
    [
      "vertex:count",
      "surface G",
      "Tokens are counted through the Vertex client.",
      "tokens are counted through the Vertex client",
    ],
    [
      "vertex:errors",
      "surface G",
      "Errors have the form that they have at Google.",
      "what Google's front would say is said in its form, and what Anthropic would say in Anthropic's",
    ],
    [
      "vertex:region",
      "2",
      "A region is a promise only where the server can keep it.",
      "a region of the United States asks for inference there, where the server can promise it",
    ],
    ["vertex:body", "2", "A wrong body is refused by field.", "%s is a 400 that names the field"],
  ]),
  ...provedBy("server/test/doors/bedrock.db.test.ts", [
    [
      "bedrock:sdk",
      "surface G",
      "The official Bedrock client works, signing, with nothing but its base URL changed.",
      "the official Bedrock client, signing, gets messages whole and streamed; the turns are the API key's",
    ],
    [
      "bedrock:bearer",
      "surface G",
      "An API key is a bearer token at Bedrock's door.",
      "with an API key as the bearer token the client need not sign",
    ],
    [
      "bedrock:tools",
      "surface G",
      "Tools and betas work through the Bedrock client.",
      "a tool call streams through the Bedrock client, with betas from the header in the body",
    ],
    [
      "bedrock:framing",
      "surface G",
      "Streams are AWS's binary framing with checksums, and end with what was used.",
      "a stream is AWS's binary framing, with what was used in its last event",
    ],
    ["bedrock:replay", "7", "A kept reply comes in the door's framing.", "a kept reply comes again in the framing of the door"],
    [
      "bedrock:errors",
      "surface G",
      "Errors are AWS's, in the stream too.",
      "the client types them by status, also the failure of a stream that had begun",
    ],
    [
      "bedrock:signature:secret",
      "11",
      "A signature of a wrong secret or key is refused.",
      "of another secret, and of another or an unknown key, is refused",
    ],
    ["bedrock:signature:time", "11", "A signature is good for five minutes.", "from another time is refused with both times"],
    [
      "bedrock:signature:covers",
      "11",
      "Nothing that was signed can be changed.",
      "covers body, path, query, method and every header that it names",
    ],
    [
      "bedrock:signature:life",
      "11",
      "An access key ends with its API key.",
      "is good only while its API key is, and the last access key of a key is the only one",
    ],
    ["bedrock:signature:stored", "11", "No secret access key is stored.", "the database holds no secret of an AWS access key"],
  ]),
  ...provedBy("server/test/doors/aws.db.test.ts", [
    [
      "aws:sdk",
      "surface G",
      "The official client of Claude Platform on AWS works, signing.",
      "the official client signs messages, streams, counts, models, files and batches",
    ],
    ["aws:upload", "11", "A signed upload is the bytes that were signed.", "a signed upload is the bytes that were signed"],
    [
      "mantle:sdk",
      "surface G",
      "The official client of Bedrock Mantle works, signing.",
      "the official client signs messages, streams and counts, of Mantle's names of models",
    ],
  ]),
  ...provedBy("server/test/doors/foundry.db.test.ts", [
    [
      "foundry:sdk",
      "surface G",
      "The official Foundry client works, with a key and with a token.",
      "the official Foundry client gets messages and counts, with a key and with a token",
    ],
    [
      "foundry:errors",
      "surface G",
      "A wrong key is refused in Azure's form.",
      "a wrong key is refused in Azure's words, anything else in Anthropic's",
    ],
  ]),
  ...provedBy("server/test/admin/cli.db.test.ts", [
    [
      "keys:aws",
      "11",
      "An operator gives and takes AWS access keys, on the audit log.",
      "an operator gives a key an AWS access key and takes it away, and the audit log has both",
    ],
  ]),
];
