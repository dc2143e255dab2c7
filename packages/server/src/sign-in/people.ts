import type { createPeople } from "../tenancy/create-people.ts";

/** The organization's members, as tenancy keeps them. */
export type People = ReturnType<typeof createPeople>;
