import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { sessionQuery } from "../api/session.ts";
import { StartPage } from "../features/start/start-page.tsx";
import { isOwnPath, takeNextPage } from "./next-page.ts";
import { NotFound } from "./not-found.tsx";
import { PageFailed } from "./page-failed.tsx";
import { Shell } from "./shell.tsx";

interface RouterContext {
  readonly queryClient: QueryClient;
}

const REQUEST_FILTERS = ["range", "status", "model", "key", "workspace"] as const;
type RequestsSearch = { readonly [Name in (typeof REQUEST_FILTERS)[number]]?: string };

const rootRoute = createRootRouteWithContext<RouterContext>()({ component: Outlet, notFoundComponent: NotFound });

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/sign-in",
  validateSearch: ({ next }: Record<string, unknown>): { next?: string } => (isOwnPath(next) ? { next } : {}),
  beforeLoad: async ({ context }) => {
    if (await context.queryClient.ensureQueryData(sessionQuery)) throw redirect({ to: "/" });
  },
  component: lazyRouteComponent(() => import("../features/sign-in/sign-in-page.tsx"), "SignInPage"),
});

const ownerRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/owner",
  component: lazyRouteComponent(() => import("../features/sign-in/owner-page.tsx"), "OwnerPage"),
});

const inviteRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/invite",
  component: lazyRouteComponent(() => import("../features/sign-in/invite-page.tsx"), "InvitePage"),
});

const passwordRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/password",
  component: lazyRouteComponent(() => import("../features/sign-in/password-page.tsx"), "PasswordPage"),
});

const signedInRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: "signed-in",
  beforeLoad: async ({ context, location }) => {
    if (await context.queryClient.ensureQueryData(sessionQuery)) return;
    throw redirect({ to: "/sign-in", search: location.href === "/" ? {} : { next: location.href } });
  },
  component: Shell,
});

const startRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/",
  beforeLoad: () => {
    const next = takeNextPage();
    if (next !== null) throw redirect({ to: next });
  },
  component: StartPage,
});

const workbenchRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/workbench",
  validateSearch: ({ model }: Record<string, unknown>): { model?: string } => (typeof model === "string" ? { model } : {}),
  component: lazyRouteComponent(() => import("../features/workbench/workbench-page.tsx"), "WorkbenchPage"),
});

const modelsRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/models",
  component: lazyRouteComponent(() => import("../features/models/models-page.tsx"), "ModelsPage"),
});

const batchesRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/batches",
  component: lazyRouteComponent(() => import("../features/batches/batches-page.tsx"), "BatchesPage"),
});

const filesRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/files",
  component: lazyRouteComponent(() => import("../features/files/files-page.tsx"), "FilesPage"),
});

const skillsRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/skills",
  component: lazyRouteComponent(() => import("../features/skills/skills-page.tsx"), "SkillsPage"),
});

const apiKeysRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/api-keys",
  validateSearch: ({ create }: Record<string, unknown>): { create?: boolean } => (create === true ? { create } : {}),
  component: lazyRouteComponent(() => import("../features/api-keys/api-keys-page.tsx"), "ApiKeysPage"),
});

const usageRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/usage",
  component: lazyRouteComponent(() => import("../features/usage/usage-page.tsx"), "UsagePage"),
});

const costRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/cost",
  component: lazyRouteComponent(() => import("../features/usage/cost-page.tsx"), "CostPage"),
});

const requestsRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/requests",
  validateSearch: (search: Record<string, unknown>): RequestsSearch =>
    Object.fromEntries(REQUEST_FILTERS.flatMap((name) => (typeof search[name] === "string" ? [[name, search[name]]] : []))),
  component: lazyRouteComponent(() => import("../features/requests/requests-page.tsx"), "RequestsPage"),
});

const requestRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/requests/$requestId",
  component: lazyRouteComponent(() => import("../features/requests/request-page.tsx"), "RequestPage"),
});

const limitsRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/limits",
  component: lazyRouteComponent(() => import("../features/limits/limits-page.tsx"), "LimitsPage"),
});

const billingRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/billing",
  component: lazyRouteComponent(() => import("../features/billing/billing-page.tsx"), "BillingPage"),
});

const settingsRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/settings",
  component: lazyRouteComponent(() => import("../features/settings/settings-page.tsx"), "SettingsPage"),
});

const membersRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/members",
  component: lazyRouteComponent(() => import("../features/members/members-page.tsx"), "MembersPage"),
});

const workspacesRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/workspaces",
  component: lazyRouteComponent(() => import("../features/workspaces/workspaces-page.tsx"), "WorkspacesPage"),
});

const auditLogRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/audit-log",
  component: lazyRouteComponent(() => import("../features/audit-log/audit-log-page.tsx"), "AuditLogPage"),
});

const deviceRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/device",
  validateSearch: ({ user_code: code }: Record<string, unknown>): { user_code?: string } =>
    typeof code === "string" ? { user_code: code } : {},
  component: lazyRouteComponent(() => import("../features/device/device-page.tsx"), "DevicePage"),
});

const accountRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/account",
  component: lazyRouteComponent(() => import("../features/account/account-page.tsx"), "AccountPage"),
});

const routeTree = rootRoute.addChildren([
  signInRoute,
  ownerRoute,
  inviteRoute,
  passwordRoute,
  signedInRoute.addChildren([
    startRoute,
    workbenchRoute,
    modelsRoute,
    batchesRoute,
    filesRoute,
    skillsRoute,
    usageRoute,
    costRoute,
    requestsRoute,
    requestRoute,
    apiKeysRoute,
    limitsRoute,
    billingRoute,
    workspacesRoute,
    membersRoute,
    auditLogRoute,
    settingsRoute,
    accountRoute,
    deviceRoute,
  ]),
]);

export function createConsoleRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree,
    basepath: "/console",
    context: { queryClient },
    defaultPreload: "intent",
    defaultErrorComponent: PageFailed,
    defaultPendingMs: 400,
    scrollRestoration: true,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>;
  }
}
