import { Collapsible } from "@base-ui/react/collapsible";
import type { ModelInfo } from "@parley/wire";
import { Link } from "@tanstack/react-router";
import { ChevronRight } from "lucide-react";
import { formatWhole } from "../../format/format.ts";
import { Badge } from "../../ui/badge.tsx";
import { buttonClass } from "../../ui/button.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { text } from "./text.ts";

/** The names by which clients get these weights. */
export function ModelNames({ models }: { readonly models: readonly ModelInfo[] }) {
  return (
    <Collapsible.Root className="mt-4 border-t border-line pt-2">
      <Collapsible.Trigger className="group -mx-2 flex items-center gap-1.5 rounded-lg px-2 py-1 text-muted hover:text-ink">
        <ChevronRight size={15} className="transition-transform group-data-panel-open:rotate-90" aria-hidden />
        {text.names(formatWhole(models.length))}
      </Collapsible.Trigger>
      <Collapsible.Panel>
        <ul className="mt-1 grid grid-cols-[minmax(0,1fr)] gap-x-6 sm:grid-cols-2 xl:grid-cols-3">
          {models.map(({ id, lifecycle }) => (
            <li key={id} className="flex items-center gap-1 border-b border-line py-0.5">
              <code className="min-w-0 flex-1 truncate font-mono text-[0.93rem]" title={id}>
                {id}
              </code>
              {lifecycle !== "active" && <Badge tone="warn">{text.lifecycles[lifecycle]}</Badge>}
              <CopyButton value={id} label={text.copy(id)} />
              <Link
                to="/workbench"
                search={{ model: id }}
                className={buttonClass("quiet", "small")}
                aria-label={text.tryItWith(id)}
              >
                {text.tryIt}
              </Link>
            </li>
          ))}
        </ul>
      </Collapsible.Panel>
    </Collapsible.Root>
  );
}
