import { defineScript } from "redis";
import type { ClockExpectation } from "../storage/limit-buckets.ts";

/** The server's wall clock in milliseconds, as a Lua block. */
export const REDIS_WALL_CLOCK = `
local at = redis.call("TIME")
return tonumber(at[1]) * 1000 + math.floor(tonumber(at[2]) / 1000)
`;

/**
 * Takes from all buckets or from none, as take_from_limit_buckets() does in PostgreSQL. A bucket is a hash of its limit (l),
 * level (u) and time (t). KEYS: the clock, then the buckets. ARGV: what to do, what the clock must show (version, earliest,
 * latest; empty: unknown), then limit and tokens of each bucket. Numbers are written with %.0f because tostring() keeps only
 * 14 digits.
 */
const TAKE = `local verb, version, earliest, latest = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local function whole(number) return string.format("%.0f", number) end
local wall = wall_clock()
local clock = redis.call("HMGET", KEYS[1], "offset", "version")
local offset, seen = tonumber(clock[1] or "0"), tonumber(clock[2] or "0")
local now = wall - offset
if earliest and tonumber(version) == seen and (now < earliest - 5000 or now > latest + 5000) then
  local due = now < earliest and earliest or latest
  offset, now, seen = offset + now - due, due, seen + 1
  redis.call("HSET", KEYS[1], "offset", whole(offset), "version", whole(seen))
end
local levels, times, taken = {}, {}, true
for i = 2, #KEYS do
  local limit, tokens = tonumber(ARGV[2 * i + 1]), tonumber(ARGV[2 * i + 2])
  local bucket = redis.call("HMGET", KEYS[i], "l", "u", "t")
  local level, time = limit * 60000, now
  if bucket[1] then
    local old = tonumber(bucket[1])
    level, time = tonumber(bucket[2]), tonumber(bucket[3])
    local missing = old * 60000 - level
    level = level + math.min(missing, math.min(math.max(0, now - time), math.ceil(missing / old)) * old)
    if old ~= limit then
      level = limit * 60000 - math.floor((old * 60000 - level + 30000) / 60000) * 60000
    end
    if time > now + 5000 then time = now else time = math.max(time, now) end
  end
  levels[i], times[i] = level, time
  if verb == "take" and level < math.min(tokens, limit) * 60000 then taken = false end
end
local reply = { taken and 1 or 0, whole(now), whole(seen) }
for i = 2, #KEYS do
  if taken and verb ~= "read" then
    local limit, tokens = tonumber(ARGV[2 * i + 1]), tonumber(ARGV[2 * i + 2])
    levels[i] = math.min(limit * 60000, levels[i] - tokens * 60000)
    redis.call("HSET", KEYS[i], "l", ARGV[2 * i + 1], "u", whole(levels[i]), "t", whole(times[i]))
    redis.call("EXPIRE", KEYS[i], 2592000)
  end
  reply[i + 2] = whole(levels[i])
end
return reply
`;

export interface TakeArguments {
  readonly verb: "take" | "settle" | "read";
  readonly clockKey: string;
  readonly keys: readonly string[];
  readonly limitsPerMinute: readonly number[];
  readonly tokens: readonly number[];
  readonly expected: ClockExpectation | null;
}

export const takeScript = (wallClock: string) =>
  defineScript({
    SCRIPT: `local function wall_clock()${wallClock}end\n${TAKE}`,
    IS_READ_ONLY: false,
    parseCommand(parser, { verb, clockKey, keys, limitsPerMinute, tokens, expected }: TakeArguments) {
      parser.push(String(keys.length + 1));
      parser.pushKey(clockKey);
      for (const key of keys) parser.pushKey(key);
      parser.push(verb, String(expected?.version ?? ""), String(expected?.earliestMs ?? ""), String(expected?.latestMs ?? ""));
      for (const [index, limit] of limitsPerMinute.entries()) parser.push(String(limit), String(tokens[index] ?? 0));
    },
    transformReply(reply: unknown): readonly string[] {
      return (reply as readonly (string | number)[]).map(String);
    },
  });
