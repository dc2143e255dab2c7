import { fail } from "../platform/fail.ts";
import { isKeyOfDeviceOn } from "../storage/device-sign-in.ts";
import type { Queries } from "../storage/storage.ts";

/**
 * Throws for a key that stands for somebody's sign-in on a device. What it may do is what its person may at the time (`reachOfDevice`), which
 * only its tokens are asked for: a secret of its own, or an AWS access key, would go beyond that and outlive it.
 */
export async function refuseKeyOfDevice(queries: Queries, apiKeyId: string): Promise<void> {
  if (!(await isKeyOfDeviceOn(queries, apiKeyId))) return;
  throw fail("invalid_request_error", {
    public:
      "This API key stands for a sign-in on a device. It can be revoked; for more than the sign-in may do, make another key.",
  });
}
