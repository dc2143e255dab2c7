import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import axe from "axe-core";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { expect } from "vitest";
import { findConsoleFolder } from "../../src/doors/console/find-console-folder.ts";
import { loadConsoleFiles } from "../../src/doors/console/load-console-files.ts";
import { startPlatform, type Platform } from "../support/start-platform.ts";

export const OWNER = { email: "ada@example.com", name: "Ada Lovelace", password: "correct horse battery" };

export interface ConsoleUnderTest extends AsyncDisposable {
  readonly platform: Platform;
  readonly browser: Browser;
  /** `http://127.0.0.1:1234/console` */
  readonly address: string;
  /** A fresh browser profile; what its pages complain about is collected in `problems`. */
  open(options?: OpenOptions): Promise<Tab>;
  /** A profile in which the owner is signed in. */
  openAsOwner(options?: OpenOptions): Promise<Tab>;
}

export interface OpenOptions {
  readonly isDark?: boolean;
  readonly isPhone?: boolean;
}

type StorageState = Awaited<ReturnType<BrowserContext["storageState"]>>;

export interface Tab {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly problems: string[];
}

/** Debian's, or the one that the machine says. */
export function findChromium(): string {
  const candidates = [process.env["PARLEY_CHROMIUM"], "/usr/bin/chromium", "/usr/bin/google-chrome"];
  const found = candidates.find((path) => path !== undefined && existsSync(path));
  if (found === undefined) throw new Error("no Chromium: install it, or name it in PARLEY_CHROMIUM");
  return found;
}

/** A real server with the built Console, on a real database, and a real browser. */
export async function startConsole(
  options: Omit<NonNullable<Parameters<typeof startPlatform>[0]>, "consoleFiles"> & {
    /** A name by which the browser knows the server, where somebody else has to know it before its port is. */
    readonly hostName?: string;
    /** Other hosts to which the pages may lead. */
    readonly otherOrigins?: readonly string[];
  } = {},
): Promise<ConsoleUnderTest> {
  await using started = new AsyncDisposableStack();
  const consoleFiles = await loadConsoleFiles(findConsoleFolder());
  if (consoleFiles === null) throw new Error("the Console is not built: npm run build -w packages/console");
  const { hostName, otherOrigins = [], ...platformOptions } = options;
  const platform = started.use(await startPlatform({ ...platformOptions, consoleFiles }));
  const base = hostName === undefined ? platform.url : `http://${hostName}`;
  const naming = hostName === undefined ? [] : [`--host-resolver-rules=MAP ${hostName} ${new URL(platform.url).host}`];
  // Tests run as root in containers, where Chromium's own sandbox has nothing to stand on.
  const browser = await chromium.launch({ executablePath: findChromium(), args: ["--no-sandbox", "--disable-gpu", ...naming] });
  started.defer(() => browser.close());
  const address = `${base}/console`;
  const { signIn: people } = platform.accounts;
  /** The owner's cookie: signing in for every page would look like guessing. */
  let signedIn: StorageState | null = null;

  async function openWith(
    storageState: StorageState | null,
    { isDark = false, isPhone = false }: OpenOptions = {},
  ): Promise<Tab> {
    const context = await browser.newContext({
      viewport: isPhone ? { width: 390, height: 844 } : { width: 1440, height: 900 },
      deviceScaleFactor: isPhone ? 2 : 1,
      colorScheme: isDark ? "dark" : "light",
      reducedMotion: "reduce",
      permissions: ["clipboard-read", "clipboard-write"],
      ...(storageState ? { storageState } : {}),
    });
    const page = await context.newPage();
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("console", (message) => {
      // The browser itself notes every reply that is an error; the pages handle those.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) problems.push(message.text());
    });
    page.on("request", (request) => {
      const { protocol, origin } = new URL(request.url());
      // What another's page asks for is its own affair.
      const isTheirs = [origin, URL.parse(page.url())?.origin ?? ""].some((each) => otherOrigins.includes(each));
      if (protocol.startsWith("http") && origin !== base && !isTheirs) problems.push(`a request left for ${request.url()}`);
    });
    return { page, context, problems };
  }

  async function signIn(): Promise<StorageState> {
    const secret = await people.createOwnerLink();
    // Null: a test took ownership by itself.
    if (secret !== null)
      await people.becomeOwner(secret, OWNER, { networkAddress: "127.0.0.1", userAgent: null, requestId: null });
    const { context } = await openWith(null);
    const data = { email: OWNER.email, password: OWNER.password };
    const reply = await context.request.post(`${address}/api/sign-in`, { data });
    expect(reply.status()).toBe(200);
    const state = await context.storageState();
    await context.close();
    return state;
  }

  async function openAsOwner(options?: OpenOptions): Promise<Tab> {
    signedIn ??= await signIn();
    return openWith(signedIn, options);
  }

  const running = started.move();
  const open = (options?: OpenOptions) => openWith(null, options);
  return { platform, browser, address, open, openAsOwner, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** Findings of axe that keep somebody out. */
export async function findBarriers(page: Page): Promise<readonly string[]> {
  // As a debugger would: the page's own policy lets no script in.
  const debug = await page.context().newCDPSession(page);
  await debug.send("Runtime.evaluate", { expression: axe.source });
  const { result } = await debug.send("Runtime.evaluate", { expression: "axe.run()", awaitPromise: true, returnByValue: true });
  await debug.detach();
  const { violations } = result.value as axe.AxeResults;
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary ?? ""}`));
}

/** The page fits the screen: nothing makes it scroll sideways. */
export const isWithinWidth = (page: Page): Promise<boolean> =>
  page.evaluate<boolean>("document.documentElement.scrollWidth <= window.innerWidth");

export const readClipboard = (page: Page): Promise<string> => page.evaluate<string>("navigator.clipboard.readText()");

const FOLDER = process.env["PARLEY_SCREENSHOTS"] ?? join(import.meta.dirname, "../../../../node_modules/.cache/screenshots");

/** Into `PARLEY_SCREENSHOTS`, for people to look at. */
export async function takePicture(page: Page, name: string): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  // What has just changed is drawn with the next frame.
  await page.evaluate("new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))");
  await page.screenshot({ path: join(FOLDER, `${name}.png`) });
}

/** What keeps somebody out, light and dark, and whether something is cut off. Of both a picture is taken: `name-dark-phone`. */
export async function inspectPage(page: Page, name: string): Promise<readonly string[]> {
  const shape = (page.viewportSize()?.width ?? 0) < 600 ? "-phone" : "";
  const isDark = await page.evaluate<boolean>("matchMedia('(prefers-color-scheme: dark)').matches");
  const own = isDark ? "dark" : "light";
  const found: string[] = (await isWithinWidth(page)) ? [] : ["it is wider than the screen"];
  // The one that it has comes last, and stays.
  for (const colorScheme of [isDark ? "light" : "dark", own] as const) {
    await page.emulateMedia({ colorScheme });
    await takePicture(page, `${name}-${colorScheme}${shape}`);
    found.push(...(await findBarriers(page)).map((barrier) => `${colorScheme}: ${barrier}`));
  }
  return found;
}
