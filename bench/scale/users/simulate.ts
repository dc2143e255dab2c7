/** What an engine was measured at. */
export interface EngineRates {
  readonly slots: number;
  /** Tokens of prompts a second. */
  readonly prefill: number;
  /** Tokens a second of all streams together, by how many they are, from few to many; in between on a line. */
  readonly decode: readonly (readonly [streams: number, tokensPerSecond: number])[];
}

/** One turn of somebody who uses a model. */
export interface UserTurn {
  /** Before it is asked, since the last reply ended. */
  readonly thinkSeconds: number;
  /** Of its prompt, what is in no cache. */
  readonly newTokens: number;
  readonly outputTokens: number;
}

export interface TurnTimes {
  readonly askedAt: number;
  readonly firstTokenAt: number;
  readonly endedAt: number;
  readonly outputTokens: number;
}

interface Running extends UserTurn {
  readonly user: number;
  readonly askedAt: number;
  promptLeft: number;
  outputLeft: number;
  firstTokenAt: number;
}

/** As the engines are started: so many tokens of prompts and streams in one step. */
const BATCH_TOKENS = 256;

/**
 * Lets users have their turns at an engine until `seconds` are over or nobody has any left. Turns wait for a slot in the order that
 * they were asked in; each step computes one token of every stream and fills up with prompts, oldest first. A step takes as long as
 * its streams alone would, or as its tokens would as a prompt, whichever is more.
 */
export function simulate(rates: EngineRates, users: readonly Iterator<UserTurn>[], seconds: number): TurnTimes[] {
  const ended: TurnTimes[] = [];
  const asking: Running[] = [];
  const waiting: Running[] = [];
  const running: Running[] = [];
  let now = 0;
  const next = (user: number): void => {
    const asked = users[user]?.next();
    if (asked === undefined || asked.done === true) return;
    const turn = asked.value;
    const askedAt = now + turn.thinkSeconds;
    asking.push({ ...turn, user, askedAt, promptLeft: turn.newTokens, outputLeft: turn.outputTokens, firstTokenAt: Infinity });
  };
  for (let user = 0; user < users.length; user += 1) next(user);

  while (now < seconds) {
    for (const turn of asking.filter(({ askedAt }) => askedAt <= now).toSorted((a, b) => a.askedAt - b.askedAt)) {
      asking.splice(asking.indexOf(turn), 1);
      waiting.push(turn);
    }
    running.push(...waiting.splice(0, rates.slots - running.length));
    if (running.length === 0) {
      if (asking.length === 0) break;
      now = asking.reduce((first, { askedAt }) => Math.min(first, askedAt), Infinity);
      continue;
    }
    const streams = running.filter(({ promptLeft }) => promptLeft === 0);
    let room = Math.max(0, BATCH_TOKENS - streams.length);
    let prompts = 0;
    for (const turn of running) {
      const part = Math.min(room, turn.promptLeft);
      turn.promptLeft -= part;
      room -= part;
      prompts += part;
    }
    const together = (prompts + streams.length) / rates.prefill;
    now += Math.max(streams.length === 0 ? 0 : streams.length / decodeRate(rates, streams.length), prompts === 0 ? 0 : together);
    for (const turn of running) {
      const isFirst = turn.firstTokenAt === Infinity && turn.promptLeft === 0;
      if (isFirst) turn.firstTokenAt = now;
      // The step that ends a prompt brings its first token.
      if (isFirst || streams.includes(turn)) turn.outputLeft -= 1;
    }
    for (const turn of running.filter(({ outputLeft, promptLeft }) => outputLeft <= 0 && promptLeft === 0)) {
      running.splice(running.indexOf(turn), 1);
      const { askedAt, firstTokenAt, outputTokens, user } = turn;
      ended.push({ askedAt, firstTokenAt, endedAt: now, outputTokens });
      next(user);
    }
  }
  return ended;
}

function decodeRate({ decode }: EngineRates, streams: number): number {
  const above = decode.findIndex(([count]) => count >= streams);
  const [count, rate] = decode[above] ?? decode.at(-1) ?? [1, Number.NaN];
  if (above <= 0) return above < 0 ? rate : (rate * streams) / count;
  const [lowCount, lowRate] = decode[above - 1] ?? [count, rate];
  return lowRate + ((rate - lowRate) * (streams - lowCount)) / (count - lowCount || 1);
}
