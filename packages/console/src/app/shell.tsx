import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { Menu as MenuIcon, Search } from "lucide-react";
import { lazy, Suspense, useEffect, useState } from "react";
import { IconButton } from "../ui/icon-button.tsx";
import { AccountButton } from "./account-button.tsx";
import { DESTINATION_GROUPS, isShown } from "./destinations.ts";
import { Logo } from "./logo.tsx";
import { ReauthenticationProvider } from "./reauthentication.tsx";
import { text } from "./text.ts";
import { useLiveUpdates } from "./use-live-updates.ts";
import { useSession } from "./use-session.ts";

// What opens is fetched when it is wanted, so that the first page comes sooner.
const loadAccountMenu = () => import("./account-menu.tsx");
const AccountMenu = lazy(() => loadAccountMenu().then((module) => ({ default: module.AccountMenu })));
const CommandMenu = lazy(() => import("./command-menu.tsx").then((module) => ({ default: module.CommandMenu })));
const Drawer = lazy(() => import("./drawer.tsx").then((module) => ({ default: module.Drawer })));

/** What is around every page of somebody who is signed in. */
export function Shell() {
  useLiveUpdates();
  const [isCommandOpen, setCommandOpen] = useState(false);
  const path = useRouterState({ select: (state) => state.location.pathname });
  // It belongs to the page on which it was opened: going to another one closes it.
  const [drawerPath, setDrawerPath] = useState<string | null>(null);
  const openCommands = () => {
    setDrawerPath(null);
    setCommandOpen(true);
  };

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.metaKey || event.ctrlKey) || event.shiftKey || event.altKey) return;
      event.preventDefault();
      setCommandOpen((isOpen) => !isOpen);
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, []);

  return (
    <ReauthenticationProvider>
      <a
        href="#content"
        className="fixed start-3 -top-12 z-10 rounded-lg bg-accent px-3 py-2 text-accent-ink focus:top-3"
        onClick={(event) => {
          event.preventDefault();
          document.querySelector<HTMLElement>("#content")?.focus();
        }}
      >
        {text.skipToContent}
      </a>
      <div className="min-h-dvh lg:grid lg:grid-cols-[15rem_minmax(0,1fr)]">
        <aside className="sticky top-0 hidden h-dvh border-e border-line bg-sunken lg:block">
          <Sidebar onSearch={openCommands} />
        </aside>
        <header className="sticky top-0 z-2 flex h-13 items-center gap-2 border-b border-line bg-bg/90 px-3 backdrop-blur lg:hidden">
          <IconButton icon={MenuIcon} label={text.openMenu} onClick={() => setDrawerPath(path)} />
          <Logo size={22} />
          <span className="flex-1 font-semibold">{text.product}</span>
          <IconButton icon={Search} label={text.search} onClick={openCommands} />
        </header>
        <main id="content" tabIndex={-1} className="min-w-0 outline-none">
          <Outlet />
        </main>
      </div>
      <Suspense>
        {drawerPath === path && (
          <Drawer onClose={() => setDrawerPath(null)}>
            {/* The link of the page that is open leads nowhere else, so nothing but the click tells. */}
            <Sidebar onSearch={openCommands} onLeave={() => setDrawerPath(null)} />
          </Drawer>
        )}
        {isCommandOpen && <CommandMenu onClose={() => setCommandOpen(false)} />}
      </Suspense>
    </ReauthenticationProvider>
  );
}

function Sidebar({ onSearch, onLeave }: { readonly onSearch: () => void; readonly onLeave?: () => void }) {
  const session = useSession();
  const [isMenuWanted, setMenuWanted] = useState(false);
  return (
    <div className="flex h-full flex-col gap-1 overflow-y-auto p-3">
      <Link to="/" className="mb-2 flex items-center gap-2.5 rounded-lg px-2 py-1.5">
        <Logo />
        <span className="text-[1.1rem] font-semibold tracking-tight">{text.product}</span>
      </Link>
      <button
        type="button"
        onClick={onSearch}
        className="mb-2 flex h-8.5 items-center gap-2 rounded-lg border border-line bg-panel px-2.5 text-muted transition-colors hover:border-line-strong"
      >
        <Search size={14} aria-hidden />
        <span className="min-w-0 flex-1 truncate text-start text-[0.93rem]">{text.search}</span>
        <kbd className="rounded border border-line bg-sunken px-1.5 font-sans text-[0.79rem]">{isApple() ? "⌘K" : "Ctrl K"}</kbd>
      </button>
      <nav aria-label={text.navigation} className="grid gap-4">
        {DESTINATION_GROUPS.map(({ label, destinations }) => {
          const shown = destinations.filter((each) => isShown(each, session));
          if (shown.length === 0) return null;
          return (
            <div key={label}>
              <div className="px-2.5 pb-1 text-[0.86rem] font-medium text-faint">{label}</div>
              {shown.map(({ path, label: name, icon: Icon }) => (
                <Link
                  key={path}
                  to={path}
                  activeOptions={{ exact: path === "/" }}
                  onClick={onLeave}
                  className="flex h-8.5 items-center gap-2.5 rounded-lg px-2.5 text-muted transition-colors hover:bg-hover hover:text-ink aria-[current=page]:bg-hover aria-[current=page]:font-medium aria-[current=page]:text-ink"
                >
                  <Icon size={16} strokeWidth={1.9} aria-hidden />
                  {name}
                </Link>
              ))}
            </div>
          );
        })}
      </nav>
      <div className="mt-auto pt-3">
        {isMenuWanted ? (
          <Suspense fallback={<AccountButton />}>
            <AccountMenu />
          </Suspense>
        ) : (
          <AccountButton aria-haspopup="menu" onPointerEnter={() => void loadAccountMenu()} onClick={() => setMenuWanted(true)} />
        )}
      </div>
    </div>
  );
}

const isApple = () => /mac|iphone|ipad/i.test(navigator.userAgent);
