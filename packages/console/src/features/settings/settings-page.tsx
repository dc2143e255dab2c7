import { Page } from "../../ui/page.tsx";
import { DataSettings } from "./data-settings.tsx";
import { SignInSettings } from "./sign-in-settings.tsx";
import { text } from "./text.ts";

export function SettingsPage() {
  return (
    <Page title={text.title} about={text.about}>
      <div className="grid grid-cols-1 gap-9">
        <DataSettings />
        <SignInSettings />
      </div>
    </Page>
  );
}
