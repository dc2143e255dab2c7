import { useNavigate } from "@tanstack/react-router";
import { LogOut, type LucideIcon, Plus, UserRound } from "lucide-react";
import { DESTINATION_GROUPS, isShown } from "./destinations.ts";
import { text } from "./text.ts";
import { setTheme, THEMES } from "./theme.ts";
import { THEME_ICONS } from "./theme-icons.ts";
import { isAdministrator, useSession } from "./use-session.ts";
import { useSignOut } from "./use-sign-out.ts";

export interface Command {
  readonly label: string;
  readonly group: string;
  /** Words that also lead here. */
  readonly words: string;
  readonly icon: LucideIcon;
  readonly run: () => void;
}

export function useCommands(): readonly Command[] {
  const session = useSession();
  const navigate = useNavigate();
  const signOut = useSignOut();
  const pages = DESTINATION_GROUPS.flatMap(({ destinations }) => destinations)
    .filter((each) => isShown(each, session))
    .map(({ path, label, words, icon }): Command => ({
      label,
      words,
      icon,
      group: text.pages,
      run: () => void navigate({ to: path }),
    }));
  const account = { label: text.account, words: text.accountWords, icon: UserRound, group: text.pages };
  const createKey = { label: text.createKey, words: text.createKeyWords, icon: Plus, group: text.actions };
  return [
    ...pages,
    { ...account, run: () => void navigate({ to: "/account" }) },
    ...(isAdministrator(session)
      ? [{ ...createKey, run: () => void navigate({ to: "/api-keys", search: { create: true } }) }]
      : []),
    ...THEMES.map((theme) => ({
      label: `${text.theme}: ${text.themes[theme]}`,
      words: text.themeWords,
      icon: THEME_ICONS[theme],
      group: text.actions,
      run: () => setTheme(theme),
    })),
    { label: text.signOut, words: text.signOutWords, icon: LogOut, group: text.actions, run: signOut },
  ];
}
