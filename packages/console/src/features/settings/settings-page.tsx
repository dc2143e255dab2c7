import { Page } from "../../ui/page.tsx";
import { AlertSettings } from "./alert-settings.tsx";
import { DataSettings } from "./data-settings.tsx";
import { SignInSettings } from "./sign-in-settings.tsx";
import { text } from "./text.ts";

export function SettingsPage() {
  return (
    <Page title={text.title} about={text.about}>
      <div className="grid grid-cols-1 gap-9">
        <DataSettings />
        <AlertSettings />
        <SignInSettings />
      </div>
    </Page>
  );
}
