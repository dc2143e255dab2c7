import { useNavigate } from "@tanstack/react-router";
import { LogOut, UserRound } from "lucide-react";
import { useState } from "react";
import { Menu } from "../ui/menu.tsx";
import { AccountButton } from "./account-button.tsx";
import { text } from "./text.ts";
import { readTheme, setTheme, THEMES } from "./theme.ts";
import { THEME_ICONS } from "./theme-icons.ts";
import { useSignOut } from "./use-sign-out.ts";

/** It is fetched when somebody opens it, so it opens at once. */
export function AccountMenu() {
  const navigate = useNavigate();
  const signOut = useSignOut();
  const [theme, remember] = useState(readTheme);
  return (
    <Menu
      side="top"
      isOpenAtFirst
      trigger={<AccountButton />}
      onOpen={() => remember(readTheme())}
      groups={[
        { actions: [{ label: text.account, icon: UserRound, run: () => void navigate({ to: "/account" }) }] },
        {
          label: text.theme,
          actions: THEMES.map((each) => ({
            label: text.themes[each],
            icon: THEME_ICONS[each],
            isChecked: each === theme,
            run: () => {
              setTheme(each);
              remember(each);
            },
          })),
        },
        { actions: [{ label: text.signOut, icon: LogOut, run: signOut }] },
      ]}
    />
  );
}
