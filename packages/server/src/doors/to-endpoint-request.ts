import type { EndpointRequest } from "../endpoints/define-endpoint.ts";
import { networkAddressOf } from "./anthropic/network-address.ts";
import { originOf } from "./anthropic/same-origin.ts";
import type { DoorOptions, Exchange } from "./exchange.ts";

/** What a door has read of a request. */
type Read = Pick<EndpointRequest, "version" | "betas" | "isBeta" | "params" | "query" | "body" | "bodyBytes" | "upload">;

/** The request as its endpoint sees it, but for who calls. */
export function toEndpointRequest(exchange: Exchange, { trustedProxies }: DoorOptions, read: Read): EndpointRequest {
  const { incoming } = exchange;
  return {
    ...read,
    requestId: exchange.requestId,
    path: exchange.path,
    headers: incoming.headers,
    networkAddress: networkAddressOf(incoming, trustedProxies),
    origin: originOf(incoming),
    arrivedAtMs: exchange.arrivedAtMs,
    timing: exchange.timing,
    setHeaders: (headers) => void Object.assign(exchange.headers, headers),
    setModelClass: (modelClass) => {
      exchange.modelClass = modelClass;
    },
    setTraceparent: (traceparent) => {
      exchange.traceparent = traceparent;
    },
    signal: exchange.signal,
  };
}
