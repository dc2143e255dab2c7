import { createHash } from "node:crypto";
import { lstat, mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../platform/clock.ts";
import { type Failure, fail } from "../platform/fail.ts";
import { newId } from "../platform/ids.ts";
import {
  type ContainerRow,
  deleteContainer,
  findContainer,
  findContainersOf,
  findExpiredContainers,
  insertContainer,
} from "../storage/containers.ts";
import type { Storage } from "../storage/storage.ts";
import { removeTree } from "./remove-tree.ts";

/** Whose containers: nothing of one workspace is visible to another. */
export interface ContainerOwner {
  readonly organizationId: string;
  readonly workspaceId: string;
}

export interface Container {
  readonly id: string;
  readonly expiresAt: Date;
}

/** Where a container's files are on this machine. */
export interface ContainerPlace {
  readonly folder: string;
  /** Programs of different containers are different users, where the system lets the server make them so. */
  readonly userId: number;
}

export interface Containers {
  create(owner: ContainerOwner): Promise<Container>;
  /** Throws `not_found_error`. */
  get(owner: ContainerOwner, id: string): Promise<Container>;
  /** Does something in a container while nothing else is done in it. */
  use<Result>(id: string, work: (place: ContainerPlace) => Promise<Result>): Promise<Result>;
  /** Removes every container of a workspace. */
  removeAll(workspaceId: string): Promise<void>;
  /** Removes containers whose time is over. */
  sweep(): Promise<void>;
}

export interface ContainersDeps {
  readonly storage: Storage;
  readonly clock: Clock;
  /** Of all containers. */
  readonly folder: string;
  readonly lifeDays: number;
}

const SWEEP_ROWS = 100;
const MS_PER_DAY = 86_400_000;
/** Beyond what systems give to people, to services and to user namespaces. */
const FIRST_USER_ID = 1_000_000_000;
const USER_IDS = 1_000_000_000;

export function createContainers({ storage, clock, folder, lifeDays }: ContainersDeps): Containers {
  /** The end of what is done last in each container that is in use. */
  const lasts = new Map<string, Promise<unknown>>();

  const placeOf = (id: string): ContainerPlace => ({ folder: join(folder, id), userId: userIdOf(id) });

  async function alone<Result>(id: string, work: (place: ContainerPlace) => Promise<Result>): Promise<Result> {
    const before = lasts.get(id);
    const { promise: done, resolve } = Promise.withResolvers<void>();
    const last = (before ?? Promise.resolve()).then(() => done);
    lasts.set(id, last);
    await before;
    try {
      return await work(placeOf(id));
    } finally {
      resolve();
      if (lasts.get(id) === last) lasts.delete(id);
    }
  }

  /** The row last: as long as it is there somebody knows of the folder. */
  const remove = (id: string): Promise<void> =>
    alone(id, async (place) => {
      await removeTree(place.folder);
      await deleteContainer(storage, id);
    });

  async function removeEach(find: () => Promise<string[]>): Promise<void> {
    for (;;) {
      const ids = await find();
      for (const id of ids) await remove(id);
      if (ids.length < SWEEP_ROWS) return;
    }
  }

  return {
    async create(owner) {
      const createdAt = new Date(clock.nowMs());
      const row = await insertContainer(storage, {
        id: newId("container"),
        organizationId: owner.organizationId,
        workspaceId: owner.workspaceId,
        createdAt,
        expiresAt: new Date(createdAt.getTime() + lifeDays * MS_PER_DAY),
      });
      await mkdir(placeOf(row.id).folder, { recursive: true, mode: 0o711 });
      return row;
    },

    async get(owner, id) {
      const row = CONTAINER_ID.test(id) ? await findContainer(storage, owner.workspaceId, id) : null;
      if (row === null || isExpired(row)) throw containerNotFound(id);
      // Of another node whose folder this one does not share, or lost with a disk.
      if (!(await isThere(placeOf(id)))) throw containerNotFound(id);
      return row;
    },

    use: (id, work) =>
      alone(id, async (place) => {
        // Removed since it was found: nothing may be made anew in its place.
        if (!(await isThere(place))) throw containerNotFound(id);
        return work(place);
      }),
    removeAll: (workspaceId) => removeEach(() => findContainersOf(storage, workspaceId, SWEEP_ROWS)),
    sweep: () => removeEach(() => findExpiredContainers(storage, clock.nowMs(), SWEEP_ROWS)),
  };

  function isExpired({ expiresAt }: ContainerRow): boolean {
    return expiresAt.getTime() <= clock.nowMs();
  }
}

async function isThere({ folder }: ContainerPlace): Promise<boolean> {
  return (await lstat(folder).catch(() => null)) !== null;
}

const CONTAINER_ID = /^container_[A-Za-z0-9]{1,64}$/;

/** One and the same for a container that never was, is another workspace's, or has expired. */
function containerNotFound(id: string): Failure {
  return fail("not_found_error", { public: `Container not found: ${id.slice(0, 100)}` });
}

/** The same each time, without a table of its own. Two containers that share one still do not see each other's folders. */
function userIdOf(id: string): number {
  return FIRST_USER_ID + (createHash("sha256").update(id).digest().readUInt32BE(0) % USER_IDS);
}
