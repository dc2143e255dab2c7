import { isAdministrator, useSession } from "../../app/use-session.ts";
import { Page } from "../../ui/page.tsx";
import { Increases } from "./increases.tsx";
import { OwnLimit } from "./own-limit.tsx";
import { RateLimits } from "./rate-limits.tsx";
import { SpendLimits } from "./spend-limits.tsx";
import { text } from "./text.ts";

export function LimitsPage() {
  const isAdmin = isAdministrator(useSession());
  return (
    <Page title={text.title} about={text.about}>
      <div className="grid grid-cols-1 gap-9">
        {isAdmin && <RateLimits />}
        {isAdmin && <SpendLimits />}
        {isAdmin && <Increases />}
        <OwnLimit />
      </div>
    </Page>
  );
}
