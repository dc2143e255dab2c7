import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Provider } from "oidc-provider";

/** Somebody with an account at the provider; the login name is the account's id. */
export interface ProviderAccount {
  readonly email: string;
  readonly emailVerified: boolean;
  readonly name: string;
}

export interface OpenIdProvider extends AsyncDisposable {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly accounts: Map<string, ProviderAccount>;
  /**
   * What a browser does that was sent to `location`: logs in, consents, and follows the provider to the address that it
   * sends the browser back to, which is returned unopened. `cookies` is a browser that has been there before, or will be again.
   */
  logIn(location: string, account: string, cookies?: Map<string, string>): Promise<string>;
}

/** A real OpenID provider on loopback, with one registered client. */
export async function startOpenIdProvider(redirectUri: string): Promise<OpenIdProvider> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const accounts = new Map<string, ProviderAccount>();
  const [clientId, clientSecret] = ["parley", "a-secret-of-the-test-only"];
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [redirectUri],
        token_endpoint_auth_method: "client_secret_post",
      },
    ],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    conformIdTokenClaims: false,
    cookies: { keys: ["test"] },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: async () => {
        const account = accounts.get(id);
        return { sub: id, email: account?.email, email_verified: account?.emailVerified, name: account?.name };
      },
    }),
  });
  const answer = provider.callback();
  server.on("request", (incoming, outgoing) => void answer(incoming, outgoing));
  return {
    issuer,
    clientId,
    clientSecret,
    accounts,
    logIn: (location, account, cookies = new Map()) => logIn(issuer, location, account, cookies),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function logIn(issuer: string, location: string, account: string, cookies: Map<string, string>): Promise<string> {
  let next = { url: location, form: null as URLSearchParams | null };
  // Login and consent take a dozen redirects; more is a loop.
  for (let steps = 0; steps < 20; steps++) {
    const response = await fetch(next.url, {
      redirect: "manual",
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
      ...(next.form ? { method: "POST", body: next.form } : {}),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [name = "", value = ""] = (cookie.split(";")[0] ?? "").split("=");
      cookies.set(name, value);
    }
    const target = response.headers.get("location");
    if (target !== null) {
      const url = new URL(target, next.url).href;
      if (!url.startsWith(issuer)) return url;
      next = { url, form: null };
      continue;
    }
    const page = await response.text();
    // Its page is a form that says what is asked: to log in, or to consent.
    const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1];
    if (!response.ok || prompt === undefined) throw new Error(`the provider answered ${response.status}: ${page}`);
    next = { url: next.url, form: new URLSearchParams({ prompt, login: account, password: "any" }) };
  }
  throw new Error("the provider sent the browser round and round");
}
