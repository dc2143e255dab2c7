import {
  ConsoleInviteLink,
  InviteDeleted,
  OrganizationInvite,
  OrganizationInvitePage,
  OrganizationUser,
  OrganizationUserPage,
  UserDeleted,
} from "@parley/wire";
import { infiniteQueryOptions } from "@tanstack/react-query";
import { call } from "./call.ts";

const USERS_PATH = "/v1/organizations/users";
const INVITES_PATH = "/v1/organizations/invites";
const PAGE_SIZE = 100;

export const MEMBERS = ["members"] as const;

export const usersQuery = infiniteQueryOptions({
  queryKey: [...MEMBERS, "users"],
  queryFn: ({ pageParam, signal }) =>
    call(OrganizationUserPage, USERS_PATH, { query: { limit: PAGE_SIZE, after_id: pageParam }, signal }),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => (page.has_more ? page.last_id : null),
});

export const invitesQuery = infiniteQueryOptions({
  queryKey: [...MEMBERS, "invites"],
  queryFn: ({ pageParam, signal }) => {
    const query = { limit: PAGE_SIZE, after_id: pageParam, "statuses[]": ["pending", "expired"] };
    return call(OrganizationInvitePage, INVITES_PATH, { query, signal });
  },
  initialPageParam: null as string | null,
  getNextPageParam: (page) => (page.has_more ? page.last_id : null),
});

export const ROLES = ["user", "developer", "billing", "claude_code_user"] as const;

export const createInvite = (email: string, role: string) =>
  call(OrganizationInvite, INVITES_PATH, { method: "POST", body: { email, role } });

export const createInviteLink = (id: string) =>
  call(ConsoleInviteLink, `/console/api/invites/${encodeURIComponent(id)}/link`, { method: "POST" });

export const deleteInvite = (id: string) =>
  call(InviteDeleted, `${INVITES_PATH}/${encodeURIComponent(id)}`, { method: "DELETE" });

export const updateUser = (id: string, role: string) =>
  call(OrganizationUser, `${USERS_PATH}/${encodeURIComponent(id)}`, { method: "POST", body: { role } });

const SIGN_OUT_BETA = "admin-user-sign-out-2026-10-08";

/** Ends all their sessions; their keys go on. */
export const signUserOut = (id: string) =>
  call(OrganizationUser, `${USERS_PATH}/${encodeURIComponent(id)}/sign_out`, { method: "POST", beta: SIGN_OUT_BETA });

export const removeUser = (id: string) => call(UserDeleted, `${USERS_PATH}/${encodeURIComponent(id)}`, { method: "DELETE" });
