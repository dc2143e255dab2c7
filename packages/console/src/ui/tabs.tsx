import { Tabs as Base } from "@base-ui/react/tabs";
import type { ReactNode } from "react";

export interface Tab {
  readonly value: string;
  readonly label: string;
  readonly content: ReactNode;
}

export function Tabs({
  tabs,
  label,
  onChange,
}: {
  readonly tabs: readonly Tab[];
  readonly label: string;
  readonly onChange?: (value: string) => void;
}) {
  return (
    <Base.Root defaultValue={tabs[0]?.value} onValueChange={(value) => onChange?.(String(value))}>
      <Base.List aria-label={label} className="relative flex gap-1 overflow-x-auto rounded-lg bg-sunken p-1">
        {tabs.map((tab) => (
          <Base.Tab
            key={tab.value}
            value={tab.value}
            className="z-1 h-7.5 rounded-md px-3 whitespace-nowrap text-muted transition-colors hover:text-ink data-active:text-ink"
          >
            {tab.label}
          </Base.Tab>
        ))}
        <Base.Indicator className="absolute top-1 left-0 h-7.5 w-(--active-tab-width) translate-x-(--active-tab-left) rounded-md border border-line bg-panel transition-all duration-150" />
      </Base.List>
      {tabs.map((tab) => (
        <Base.Panel key={tab.value} value={tab.value} className="mt-3">
          {tab.content}
        </Base.Panel>
      ))}
    </Base.Root>
  );
}
