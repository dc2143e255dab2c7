import {
  ConsolePrompt,
  type ConsolePromptCreateRequest,
  ConsolePromptDeleted,
  ConsolePromptList,
  type ConsolePromptUpdateRequest,
} from "@parley/wire";
import { queryOptions } from "@tanstack/react-query";
import { call } from "./call.ts";

const PATH = "/console/api/prompts";
const pathOf = (id: string) => `${PATH}/${encodeURIComponent(id)}`;

export const PROMPTS = ["prompts"] as const;

export const promptsQuery = (workspaceId: string | null) =>
  queryOptions({
    queryKey: [...PROMPTS, workspaceId],
    queryFn: async ({ signal }) => (await call(ConsolePromptList, PATH, { workspaceId, signal })).data,
  });

export const promptQuery = (workspaceId: string | null, id: string) =>
  queryOptions({
    queryKey: [...PROMPTS, workspaceId, id],
    queryFn: ({ signal }) => call(ConsolePrompt, pathOf(id), { workspaceId, signal }),
  });

export const openVersion = (workspaceId: string | null, id: string, version: number) =>
  call(ConsolePrompt, `${pathOf(id)}?version=${version}`, { workspaceId });

export const createPrompt = (workspaceId: string | null, body: ConsolePromptCreateRequest) =>
  call(ConsolePrompt, PATH, { method: "POST", body, workspaceId });

export const updatePrompt = (workspaceId: string | null, id: string, body: ConsolePromptUpdateRequest) =>
  call(ConsolePrompt, pathOf(id), { method: "POST", body, workspaceId });

export const deletePrompt = (workspaceId: string | null, id: string) =>
  call(ConsolePromptDeleted, pathOf(id), { method: "DELETE", workspaceId });
