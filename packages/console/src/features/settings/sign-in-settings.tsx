import { useQuery } from "@tanstack/react-query";
import { signInMethodsQuery } from "../../api/session.ts";
import { Badge } from "../../ui/badge.tsx";
import { CodeBlock } from "../../ui/code-block.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { Section } from "../../ui/section.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { text } from "./text.ts";

const CONFIGURATION = `openid:
  issuer: https://login.example.com
  client_id: parley
  client_secret: …`;

/** How people come in, as the server's configuration has it. */
export function SignInSettings() {
  const { data, error, refetch } = useQuery(signInMethodsQuery);
  return (
    <Section title={text.signInTitle} about={text.signInAbout}>
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      <div className="panel divide-y divide-line">
        {!data && !error && <SkeletonRows rows={2} />}
        {data && (
          <>
            <div className="flex flex-wrap items-center justify-between gap-2 px-4 py-3">
              <span className="font-medium">{text.password}</span>
              <span className="text-muted">{text.passwordOn}</span>
            </div>
            <div className="grid grid-cols-1 gap-2 px-4 py-3">
              <div className="flex flex-wrap items-center gap-2">
                <span className="font-medium">{text.openid}</span>
                <Badge tone={data.openid ? "good" : "neutral"}>{data.openid ? text.on : text.off}</Badge>
              </div>
              {!data.openid && (
                <>
                  <p className="text-muted">{text.openidHint}</p>
                  <CodeBlock code={CONFIGURATION} label={text.openidLabel} />
                  <CodeBlock code={`${window.location.origin}/console/api/openid/callback`} label={text.redirectLabel} />
                </>
              )}
            </div>
          </>
        )}
      </div>
    </Section>
  );
}
