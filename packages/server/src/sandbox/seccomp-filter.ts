/**
 * A classic BPF program for seccomp, as bubblewrap reads it: what a program of others has no business with is refused. It
 * matters most where the server runs as root, since then bubblewrap makes no user namespace: making one inside would give
 * back rights over mounts and the network stack. Numbers from the kernel's tables for x86-64 and arm64.
 */
interface Architecture {
  readonly audit: number;
  readonly clone: number;
  readonly socket: number;
  readonly refused: readonly number[];
}

/** One number on every architecture: io_uring, the newer mount calls, mount_setattr, memfd_secret. */
const REFUSED_EVERYWHERE = [425, 426, 427, 428, 429, 430, 431, 432, 433, 442, 447];
const CLONE3 = 435;

const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  x64: {
    audit: 0xc000003e,
    clone: 56,
    socket: 41,
    // shmget, ptrace, syslog, pivot_root, chroot, acct, mount, umount2, swapon, swapoff, reboot, init_module, delete_module,
    // quotactl, kexec_load, add_key, request_key, keyctl, unshare, perf_event_open, open_by_handle_at, setns,
    // process_vm_readv, process_vm_writev, finit_module, memfd_create, kexec_file_load, bpf, userfaultfd.
    refused: [
      29, 101, 103, 155, 161, 163, 165, 166, 167, 168, 169, 175, 176, 179, 246, 248, 249, 250, 272, 298, 304, 308, 310, 311, 313,
      319, 320, 321, 323,
    ],
  },
  arm64: {
    audit: 0xc00000b7,
    clone: 220,
    socket: 198,
    // The same, in the order of this architecture.
    refused: [
      39, 40, 41, 51, 60, 89, 97, 104, 105, 106, 116, 117, 142, 194, 217, 218, 219, 224, 225, 241, 265, 268, 270, 271, 273, 279,
      280, 282, 294,
    ],
  },
};

/** unix, inet, inet6, netlink: the others (vsock above all) are not told apart by network namespaces. */
const SOCKET_FAMILIES = [1, 2, 10, 16];

const CLONE_NEWUSER = 0x1000_0000;
const LOAD = 0x20;
const JUMP_IF_EQUAL = 0x15;
const JUMP_IF_NOT_LESS = 0x35;
const JUMP_IF_ANY_BIT = 0x45;
const RETURN = 0x06;
const ALLOW = 0x7fff_0000;
const KILL = 0x8000_0000;
const errno = (number: number): number => 0x0005_0000 | number;
const EPERM = errno(1);
const ENOSYS = errno(38);
const EAFNOSUPPORT = errno(97);
/** Offsets in `struct seccomp_data`. */
const NUMBER = 0;
const AUDIT = 4;
const FIRST_ARGUMENT = 16;
/** Calls of the x32 interface, which would pass every number by. */
const X32_BIT = 0x4000_0000;

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number];

/** Null where this architecture has no table. */
export function makeSeccompFilter(architecture: string): Buffer | null {
  const table = ARCHITECTURES[architecture];
  if (table === undefined) return null;
  const program: Instruction[] = [
    [LOAD, 0, 0, AUDIT],
    [JUMP_IF_EQUAL, 1, 0, table.audit],
    [RETURN, 0, 0, KILL],
    [LOAD, 0, 0, NUMBER],
    [JUMP_IF_NOT_LESS, 0, 1, X32_BIT],
    [RETURN, 0, 0, ENOSYS],
    ...[...table.refused, ...REFUSED_EVERYWHERE].flatMap((number): Instruction[] => [
      [JUMP_IF_EQUAL, 0, 1, number],
      [RETURN, 0, 0, EPERM],
    ]),
    // Its flags are out of a filter's sight; the C library falls back to clone.
    [JUMP_IF_EQUAL, 0, 1, CLONE3],
    [RETURN, 0, 0, ENOSYS],
    [JUMP_IF_EQUAL, 0, 4, table.clone],
    [LOAD, 0, 0, FIRST_ARGUMENT],
    [JUMP_IF_ANY_BIT, 0, 1, CLONE_NEWUSER],
    [RETURN, 0, 0, EPERM],
    [RETURN, 0, 0, ALLOW],
    [JUMP_IF_EQUAL, 0, SOCKET_FAMILIES.length + 2, table.socket],
    [LOAD, 0, 0, FIRST_ARGUMENT],
    ...SOCKET_FAMILIES.map((family, at): Instruction => [JUMP_IF_EQUAL, SOCKET_FAMILIES.length - at, 0, family]),
    [RETURN, 0, 0, EAFNOSUPPORT],
    [RETURN, 0, 0, ALLOW],
  ];
  const bytes = Buffer.alloc(program.length * 8);
  for (const [at, [code, ifTrue, ifFalse, value]] of program.entries()) {
    bytes.writeUInt16LE(code, at * 8);
    bytes.writeUInt8(ifTrue, at * 8 + 2);
    bytes.writeUInt8(ifFalse, at * 8 + 3);
    bytes.writeUInt32LE(value >>> 0, at * 8 + 4);
  }
  return bytes;
}
