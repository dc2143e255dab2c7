import { provedBy, type Requirement } from "./requirement.ts";

/** People, their sessions and what these may do. */
export const signInRequirements: readonly Requirement[] = [
  ...provedBy("server/src/sign-in/sign-in.test.ts", [
    ["sign-in:hash", "11", "Passwords are stored as argon2id hashes.", "a password is right, and any other is wrong"],
    [
      "sign-in:sealed",
      "11",
      "A second factor's secret is sealed outside the database's reach.",
      "a sealed value opens only with its key and in its place",
    ],
    ["sign-in:totp", "11", "A code works once.", "a code works once, one step early or late, and not later"],
    ["sign-in:ipv6", "11", "An IPv6 network has the tries of one.", "all addresses of an IPv6 network count as one"],
  ]),
  ...provedBy("server/src/sign-in/accounts.db.test.ts", [
    [
      "sign-in:owner",
      "11",
      "The owner's link works once.",
      "the owner's link makes an owner once, and only the newest one works",
    ],
    [
      "sign-in:no-oracle",
      "11",
      "Nobody learns who is a member.",
      "a password signs in, in whatever case the address is typed; wrong ones and strangers hear the same",
    ],
    ["sign-in:guessing", "11", "Guessing is slowed down.", "guessing is slowed down for the address, right guesses included"],
    [
      "sign-in:sessions",
      "11",
      "Sessions end when they should.",
      "a session ends by signing out, by idling, with its lifetime, and with another password",
    ],
    ["sign-in:codes", "11", "Guessing codes is slowed down.", "guessing codes is slowed down, also in a session that is there"],
    [
      "sign-in:own-tries",
      "11",
      "Strangers cannot use up a signed-in person's tries.",
      "strangers who try an address do not stand in the way of the one who is signed in",
    ],
    [
      "sign-in:audit",
      "10",
      "Changes of how people sign in are on the audit log.",
      "a password set with a link ends sessions and other links, and the audit log tells",
    ],
    ["sign-in:again", "11", "What is sensitive asks again.", "what is sensitive asks again after a quarter of an hour"],
    [
      "sign-in:second-factor",
      "11",
      "A second factor is asked for.",
      "a second factor is asked for once it is confirmed; each code and recovery code works once",
    ],
    [
      "sign-in:openid",
      "11",
      "Members come in at an OpenID provider.",
      "a member comes in through the provider by a verified address, and later by who they are there",
    ],
    [
      "sign-in:openid-again",
      "11",
      "Who has no password confirms at the provider, by a proof made anew.",
      "a session is confirmed at the provider by its own person alone, and only by a proof made anew",
    ],
    [
      "sign-in:openid-strangers",
      "11",
      "The provider's strangers stay outside.",
      "the provider's strangers, and members whose address it does not vouch for, stay outside",
    ],
  ]),
  ...provedBy("server/test/console/sign-in.db.test.ts", [
    [
      "sign-in:see-sessions",
      "11",
      "People see and end their sessions; administrators sign a member out.",
      "one sees where one is signed in and ends a session; an administrator ends all of a member",
    ],
    [
      "session:proxies",
      "11",
      "Behind a proxy, people of one network do not use up the tries of another.",
      "behind a proxy that is trusted, one network's tries are not another's",
    ],
    ["session:csrf", "11", "Another site's page can do nothing.", "another site's page can do nothing with the cookie"],
    [
      "session:roles",
      "10",
      "Administration needs an administrator.",
      "a developer's session is refused where an administrator is asked for, an administrator's is not",
    ],
    ["session:end", "11", "Signing out holds on every node.", "signing out ends the session everywhere"],
    [
      "session:workspace",
      "10",
      "A session uses only workspaces of its person.",
      "a signed-in person uses models in the workspaces that are theirs",
    ],
  ]),
  ...provedBy("server/test/gateway/device-sign-in.db.test.ts", [
    [
      "device:sign-in",
      "10",
      "A device acts for who agreed in the Console.",
      "is signed in by whoever agrees in the Console, and uses models in their name",
    ],
    [
      "device:derived-keys",
      "10",
      "Nothing that is derived from a device's key reaches further than the sign-in.",
      "gives no other key that reaches further: it is neither rotated nor signed with, before its first tokens nor after",
    ],
    [
      "device:claude-code-alone",
      "10",
      "Who may use Claude Code alone reaches models and nothing that is stored.",
      "reaches models by every door, nothing that is stored, and the rest of the workspace as soon as the role is another",
    ],
    [
      "device:repeated",
      "11",
      "A refresh token that comes again ends the sign-in.",
      "end at once where a refresh token is shown again later: somebody else has it",
    ],
    [
      "device:codes",
      "11",
      "A code works once, for a while, and only for who was given it.",
      "gets nothing for a code that is used, refused, too old, unknown, or asked about too often",
    ],
    [
      "device:who",
      "10",
      "Only who may use models can sign a device in, and only in the Console itself.",
      "is signed in by nobody who may not use models, and not from another site",
    ],
    ["device:refresh", "11", "A refresh token works once.", "are renewed, each refresh token once, and end with the sign-in"],
    ["device:person", "10", "A device's tokens end with the person.", "end with the person"],
    ["device:kinds", "11", "Access and refresh tokens are not interchangeable.", "of one kind are none of the other"],
    [
      "device:command-line",
      "1",
      "The command line signs in and serves as `apiKeyHelper`.",
      "signs in, keeps the tokens to itself, and prints one for apiKeyHelper",
    ],
    [
      "device:branches",
      "11",
      "A refresh token shown by two leaves no second branch of tokens alive.",
      "of a refresh token that two have shown in one moment go on with the first that is used, and end where the others are",
    ],
    ["device:rates", "11", "Tokens are asked for only so often.", "are asked for only so often, by one code and by one network"],
    ["device:telemetry", "11", "Telemetry has a size and a rate.", "sends so much telemetry and no more"],
    [
      "device:settings",
      "10",
      "Managed settings and collectors are of the organization that owns the server.",
      "gets its managed settings, and its telemetry is passed on without its token",
    ],
  ]),
];
