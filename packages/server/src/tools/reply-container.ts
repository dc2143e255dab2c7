import type { ContainerReference } from "../turn/turn.ts";
import type { ReplyContainer } from "./server-tool.ts";

export function createReplyContainer(): ReplyContainer {
  let opening: Promise<ContainerReference> | null = null;
  let current: ContainerReference | undefined;
  return {
    async open(make) {
      opening ??= make();
      try {
        current = await opening;
        return current;
      } catch (error) {
        // The next call may be luckier.
        opening = null;
        throw error;
      }
    },
    current: () => current,
  };
}
