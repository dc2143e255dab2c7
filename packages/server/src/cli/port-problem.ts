/** What stands against binding an address, and the remedy; null for an error that is about something else. */
export function portProblem(error: unknown, { host, port }: { readonly host: string; readonly port: number }) {
  const isAboutPort = error instanceof Error && "syscall" in error && (error.syscall === "listen" || error.syscall === "bind");
  const code = isAboutPort && "code" in error ? error.code : null;
  if (typeof code !== "string") return null;
  return {
    detail: `${host}:${port} cannot be bound (${code})`,
    remedy:
      code === "EADDRINUSE"
        ? "End the program that uses it, or choose another with --port or PARLEY_PORT."
        : "Choose a host of this machine (127.0.0.1) and a port above 1023.",
  };
}
