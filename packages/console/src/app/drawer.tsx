import { Dialog } from "@base-ui/react/dialog";
import type { ReactNode } from "react";
import { text } from "./text.ts";

/** The navigation on narrow screens. */
export function Drawer({ onClose, children }: { readonly onClose: () => void; readonly children: ReactNode }) {
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 bg-black/40" />
        <Dialog.Popup className="fixed inset-y-0 start-0 w-68 border-e border-line bg-sunken outline-none">
          <Dialog.Title className="sr-only">{text.navigation}</Dialog.Title>
          {children}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
