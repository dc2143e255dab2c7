import type { ErrorType } from "@parley/wire";
import type { StreamPart } from "../../endpoints/define-endpoint.ts";
import type { Failure } from "../../platform/fail.ts";
import type { ErrorReply, ReplyManner } from "../reply-manner.ts";
import { toEventFrame } from "./to-event-frame.ts";

/** Each error of the platform as Bedrock's InvokeModel names it, with the status that it has there. */
const EXCEPTIONS: Readonly<Record<ErrorType, readonly [status: number, name: string]>> = {
  invalid_request_error: [400, "ValidationException"],
  authentication_error: [403, "AccessDeniedException"],
  billing_error: [400, "ServiceQuotaExceededException"],
  permission_error: [403, "AccessDeniedException"],
  not_found_error: [404, "ResourceNotFoundException"],
  conflict_error: [409, "ConflictException"],
  request_too_large: [413, "RequestEntityTooLargeException"],
  rate_limit_error: [429, "ThrottlingException"],
  api_error: [500, "InternalServerException"],
  timeout_error: [408, "ModelTimeoutException"],
  overloaded_error: [503, "ServiceUnavailableException"],
};

/** Of a stream's own exceptions; what is none of these is a fault of the model's stream. */
const STREAM_EXCEPTIONS: Partial<Record<ErrorType, string>> = {
  invalid_request_error: "validationException",
  rate_limit_error: "throttlingException",
  api_error: "internalServerException",
};

/** Bedrock's: AWS's errors, and streams in its binary framing. */
export const bedrockManner: ReplyManner = {
  headers: (requestId) => ({ "request-id": requestId, "x-amzn-requestid": requestId }),
  toErrorReply(failure): ErrorReply {
    const [status, name] = EXCEPTIONS[failure.type];
    const own = failure.type === "authentication_error" ? failure.details?.error_code : undefined;
    return { status, headers: { "x-amzn-errortype": own ?? name }, body: { message: failure.publicMessage } };
  },
  streamContentType: "application/vnd.amazon.eventstream",
  frame(part: StreamPart) {
    // Frames are taken apart before they come here.
    if ("comment" in part || "frames" in part) return null;
    const bytes = Buffer.from("json" in part ? part.json : JSON.stringify(part.data)).toString("base64");
    return toEventFrame({ ":event-type": "chunk", ":message-type": "event" }, { bytes });
  },
  frameFailure(failure: Failure) {
    const name = STREAM_EXCEPTIONS[failure.type];
    const { publicMessage: message, status } = failure;
    return name === undefined
      ? toEventFrame(exception("modelStreamErrorException"), { message, originalMessage: message, originalStatusCode: status })
      : toEventFrame(exception(name), { message });
  },
};

function exception(name: string): Record<string, string> {
  return { ":exception-type": name, ":message-type": "exception" };
}
