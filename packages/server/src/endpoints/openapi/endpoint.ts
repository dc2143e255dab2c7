import { defineEndpoint, type Endpoint } from "../define-endpoint.ts";

/** The contract of everything, made from the same definitions as the routes. */
export const openapi = (endpoints: () => readonly Endpoint[]): Endpoint => {
  let document: string | null = null;
  return defineEndpoint({
    name: "openapi",
    summary: "This document",
    method: "GET",
    path: "/openapi.json",
    permission: "public",
    reply: { schema: null },
    async handle() {
      if (document === null) {
        // Loaded when it is first asked for: few servers ever are.
        const { createOpenapiDocument } = await import("./create-openapi-document.ts");
        document = JSON.stringify(createOpenapiDocument(endpoints()));
      }
      return { kind: "raw", contentType: "application/json", body: document };
    },
  });
};
