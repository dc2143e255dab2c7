import { writeFile } from "node:fs/promises";

/** GGUF's numbers for the types of metadata and tensors that are written here. */
const TYPES = { uint32: 4, float32: 6, bool: 7, string: 8, array: 9 } as const;
const TENSOR_F32 = 0;
const VERSION = 3;
const ALIGNMENT_BYTES = 32;

const WIDTH = 32;
const FEED_FORWARD = 64;
const PATCH_PIXELS = 14;

interface Tensor {
  readonly name: string;
  /** The fastest dimension first, as ggml has them. */
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

type Metadata = Readonly<Record<string, number | { readonly float: number } | boolean | string | readonly number[]>>;

/**
 * Writes a projector (`--mmproj`) of the Pixtral kind with random weights for a model of `embeddingSize`: it sees nothing that means
 * anything, but every picture becomes other embeddings, and a larger one more of them. The same file each time, 200 kB.
 */
export async function writeProjector(file: string, embeddingSize: number): Promise<void> {
  const random = randomNumbers(7);
  const tensor = (name: string, shape: readonly number[], scale: number, mean = 0): Tensor => ({
    name,
    shape,
    values: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => mean + (random() * 2 - 1) * scale),
  });
  const tensors = [
    tensor("v.patch_embd.weight", [PATCH_PIXELS, PATCH_PIXELS, 3, WIDTH], 0.2),
    tensor("v.pre_ln.weight", [WIDTH], 0, 1),
    tensor("v.blk.0.ln1.weight", [WIDTH], 0, 1),
    tensor("v.blk.0.ln2.weight", [WIDTH], 0, 1),
    ...["attn_q", "attn_k", "attn_v", "attn_out"].map((part) => tensor(`v.blk.0.${part}.weight`, [WIDTH, WIDTH], 0.3)),
    tensor("v.blk.0.ffn_gate.weight", [WIDTH, FEED_FORWARD], 0.3),
    tensor("v.blk.0.ffn_up.weight", [WIDTH, FEED_FORWARD], 0.3),
    tensor("v.blk.0.ffn_down.weight", [FEED_FORWARD, WIDTH], 0.3),
    tensor("mm.1.weight", [WIDTH, WIDTH], 0.5),
    tensor("mm.2.weight", [WIDTH, embeddingSize], 0.5),
    tensor("v.token_embd.img_break", [embeddingSize], 0.5),
  ];
  const metadata: Metadata = {
    "general.architecture": "clip",
    "clip.has_vision_encoder": true,
    "clip.projector_type": "pixtral",
    "clip.vision.embedding_length": WIDTH,
    "clip.vision.feed_forward_length": FEED_FORWARD,
    "clip.vision.block_count": 1,
    "clip.vision.projection_dim": embeddingSize,
    "clip.vision.attention.head_count": 2,
    "clip.vision.attention.layer_norm_epsilon": { float: 1e-5 },
    "clip.vision.image_size": 448,
    "clip.vision.patch_size": PATCH_PIXELS,
    "clip.use_silu": true,
    "clip.vision.image_mean": [0.5, 0.5, 0.5],
    "clip.vision.image_std": [0.25, 0.25, 0.25],
  };
  await writeFile(file, toGguf(metadata, tensors));
}

function toGguf(metadata: Metadata, tensors: readonly Tensor[]): Buffer {
  const entries = Object.entries(metadata);
  const head = [Buffer.from("GGUF"), uint32(VERSION), uint64(tensors.length), uint64(entries.length)];
  for (const [key, value] of entries) head.push(text(key), ...metadataValue(value));
  const data: Buffer[] = [];
  let offset = 0;
  for (const { name, shape, values } of tensors) {
    head.push(text(name), uint32(shape.length), ...shape.map(uint64), uint32(TENSOR_F32), uint64(offset));
    const bytes = aligned(Buffer.from(values.buffer));
    data.push(bytes);
    offset += bytes.length;
  }
  return Buffer.concat([aligned(Buffer.concat(head)), ...data]);
}

function metadataValue(value: Metadata[string]): Buffer[] {
  if (typeof value === "number") return [uint32(TYPES.uint32), uint32(value)];
  if (typeof value === "boolean") return [uint32(TYPES.bool), Buffer.of(value ? 1 : 0)];
  if (typeof value === "string") return [uint32(TYPES.string), text(value)];
  if ("float" in value) return [uint32(TYPES.float32), float32(value.float)];
  return [uint32(TYPES.array), uint32(TYPES.float32), uint64(value.length), ...value.map(float32)];
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function float32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint64(bytes.length), bytes]);
}

function aligned(bytes: Buffer): Buffer {
  const over = bytes.length % ALIGNMENT_BYTES;
  return over === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(ALIGNMENT_BYTES - over)]);
}

/** Mulberry32: the same numbers each time, from 0 to 1. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
