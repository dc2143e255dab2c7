import { defineEndpoint } from "../define-endpoint.ts";
import { parseByteRange } from "./byte-range.ts";

export const batchesResults = defineEndpoint({
  name: "batches-results",
  summary: "Stream the results of a batch that has ended, one JSON object a line",
  method: "GET",
  path: "/v1/messages/batches/:message_batch_id/results",
  permission: "workspace",
  reply: { schema: null },
  async handle({ principal, params, headers: asked, requestId }, { batches }) {
    const { sizeBytes, read } = await batches.results(principal, params["message_batch_id"] ?? "");
    const range = parseByteRange(asked.range, sizeBytes);
    if (range === "unsatisfiable") {
      const error = { type: "invalid_request_error", message: `The range lies beyond the ${sizeBytes} bytes that there are.` };
      return {
        kind: "json",
        status: 416,
        headers: { "content-range": `bytes */${sizeBytes}` },
        body: { type: "error", error, request_id: requestId },
      };
    }
    const headers = { "accept-ranges": "bytes", "content-disposition": `attachment; filename="results.jsonl"` };
    if (range === null) {
      return {
        kind: "bytes",
        headers: { ...headers, "content-length": String(sizeBytes) },
        contentType: "application/x-jsonl",
        body: read(),
      };
    }
    return {
      kind: "bytes",
      status: 206,
      headers: {
        ...headers,
        "content-length": String(range.end - range.start + 1),
        "content-range": `bytes ${range.start}-${range.end}/${sizeBytes}`,
      },
      contentType: "application/x-jsonl",
      body: read(range),
    };
  },
});
