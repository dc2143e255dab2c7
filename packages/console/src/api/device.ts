import { ConsoleDevice, ConsoleDone } from "@parley/wire";
import { call } from "./call.ts";

const PATH = "/console/api/device";

export const findDevice = (userCode: string) => call(ConsoleDevice, PATH, { method: "POST", body: { user_code: userCode } });

export const decideOnDevice = (decision: {
  readonly userCode: string;
  readonly isApproved: boolean;
  readonly workspaceId: string | null;
}) =>
  call(ConsoleDone, `${PATH}/decision`, {
    method: "POST",
    body: { user_code: decision.userCode, approve: decision.isApproved, workspace_id: decision.workspaceId },
  });
