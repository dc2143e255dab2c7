import { Dialog as Base } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { classNames } from "./class-names.ts";
import { IconButton } from "./icon-button.tsx";
import { text } from "./text.ts";

export interface DialogProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly description?: ReactNode;
  readonly children?: ReactNode;
  /** Buttons, the main one last. */
  readonly actions?: ReactNode;
  readonly isWide?: boolean;
  /** A click beside the dialog does not close it: what it shows would be lost. */
  readonly isSticky?: boolean;
}

export function Dialog({
  isOpen,
  onClose,
  title,
  description,
  children,
  actions,
  isWide = false,
  isSticky = false,
}: DialogProps) {
  return (
    <Base.Root open={isOpen} onOpenChange={(open) => !open && onClose()} disablePointerDismissal={isSticky}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 bg-black/40 transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0" />
        <Base.Viewport className="fixed inset-0 grid grid-cols-1 place-items-end overflow-y-auto sm:place-items-center sm:p-6">
          <Base.Popup
            className={classNames(
              "popup w-full rounded-b-none p-5 transition duration-150 sm:rounded-b-[0.625rem]",
              "data-ending-style:translate-y-2 data-ending-style:opacity-0 data-starting-style:translate-y-2 data-starting-style:opacity-0",
              isWide ? "sm:max-w-2xl" : "sm:max-w-md",
            )}
          >
            <div className="flex items-start gap-3">
              <div className="min-w-0 flex-1">
                <Base.Title className="text-[1.15rem] leading-snug font-semibold">{title}</Base.Title>
                {description && <Base.Description className="mt-1 text-muted">{description}</Base.Description>}
              </div>
              <Base.Close render={<IconButton icon={X} label={text.close} className="-me-1.5 -mt-1" />} />
            </div>
            {children && <div className="mt-4">{children}</div>}
            {actions && <div className="mt-5 flex flex-wrap justify-end gap-2">{actions}</div>}
          </Base.Popup>
        </Base.Viewport>
      </Base.Portal>
    </Base.Root>
  );
}
