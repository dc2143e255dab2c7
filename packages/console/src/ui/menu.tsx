import { Menu as Base } from "@base-ui/react/menu";
import type { LucideIcon } from "lucide-react";
import type { ReactElement } from "react";
import { classNames } from "./class-names.ts";

export interface MenuAction {
  readonly label: string;
  readonly icon?: LucideIcon;
  readonly isDangerous?: boolean;
  readonly isChecked?: boolean;
  readonly run: () => void;
}

export interface MenuGroup {
  readonly label?: string;
  readonly actions: readonly MenuAction[];
}

const ITEM =
  "flex cursor-pointer items-center gap-2.5 rounded-md px-2.5 py-1.5 outline-none select-none data-highlighted:bg-hover";

export function Menu({
  trigger,
  groups,
  side = "bottom",
  onOpen,
  isOpenAtFirst = false,
}: {
  readonly trigger: ReactElement<Record<string, unknown>>;
  readonly groups: readonly MenuGroup[];
  readonly side?: "top" | "bottom";
  readonly onOpen?: () => void;
  readonly isOpenAtFirst?: boolean;
}) {
  return (
    <Base.Root defaultOpen={isOpenAtFirst} onOpenChange={(open) => open && onOpen?.()}>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner side={side} align="end" sideOffset={6} collisionPadding={8}>
          <Base.Popup className="popup min-w-48 p-1 outline-none">
            {groups.map((group, index) => (
              <Base.Group key={group.label ?? index} className={index > 0 ? "mt-1 border-t border-line pt-1" : ""}>
                {group.label && (
                  <Base.GroupLabel className="px-2.5 pt-1 pb-0.5 text-[0.86rem] text-muted">{group.label}</Base.GroupLabel>
                )}
                {group.actions.map(({ label, icon: Icon, isDangerous, isChecked, run }) => (
                  <Base.Item
                    key={label}
                    onClick={run}
                    className={classNames(ITEM, isDangerous && "text-danger")}
                    {...(isChecked === undefined ? {} : { role: "menuitemradio", "aria-checked": isChecked })}
                  >
                    {Icon && <Icon size={15} aria-hidden />}
                    <span className="flex-1">{label}</span>
                    {isChecked && <span className="size-1.5 rounded-full bg-accent" aria-hidden />}
                  </Base.Item>
                ))}
              </Base.Group>
            ))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
