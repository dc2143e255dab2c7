import { SingleBar } from "cli-progress";
import type { FetchProgress } from "../weights/fetch-weights.ts";

/** Shows one download on stderr: a bar on a terminal, a line every ten per cent elsewhere. */
export interface DownloadDisplay {
  readonly update: (progress: FetchProgress) => void;
  readonly stop: () => void;
}

export function createDownloadDisplay(title: string, stream: NodeJS.WriteStream): DownloadDisplay {
  return stream.isTTY ? createBar(title, stream) : createLines(title, stream);
}

function createBar(title: string, stream: NodeJS.WriteStream): DownloadDisplay {
  const bar = new SingleBar({
    stream,
    hideCursor: true,
    clearOnComplete: false,
    format: `${title}  {bar} {percentage}%  {done} of {size}  {rate}  {left} {phase}`,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 24,
  });
  const meter = createMeter();
  let started = false;
  return {
    update(progress) {
      const shown = { ...meter(progress), phase: progress.phase === "verify" ? "checking sha256" : "" };
      if (started) bar.update(progress.doneBytes, shown);
      else bar.start(progress.totalBytes, progress.doneBytes, shown);
      started = true;
    },
    stop: () => bar.stop(),
  };
}

function createLines(title: string, stream: NodeJS.WriteStream): DownloadDisplay {
  const meter = createMeter();
  let lastTenth = -1;
  return {
    update(progress) {
      if (progress.phase === "verify") return;
      const { done, size, rate, left } = meter(progress);
      const tenth = Math.floor((progress.doneBytes / progress.totalBytes) * 10);
      if (tenth === lastTenth) return;
      lastTenth = tenth;
      stream.write(`${title}: ${tenth * 10}% (${done} of ${size}, ${rate}${left === "" ? "" : `, ${left}`})\n`);
    },
    stop: () => {},
  };
}

/** Rate since the beginning of this run: what an earlier run left behind cost no time. */
function createMeter() {
  const startMs = performance.now();
  let firstBytes: number | null = null;
  return ({ doneBytes, totalBytes }: FetchProgress) => {
    firstBytes ??= doneBytes;
    const seconds = (performance.now() - startMs) / 1000;
    const bytesPerSecond = seconds < 0.5 ? 0 : (doneBytes - firstBytes) / seconds;
    const secondsLeft = bytesPerSecond > 0 ? (totalBytes - doneBytes) / bytesPerSecond : Infinity;
    return {
      done: formatBytes(doneBytes),
      size: formatBytes(totalBytes),
      rate: `${formatBytes(bytesPerSecond)}/s`,
      left: Number.isFinite(secondsLeft) && secondsLeft >= 1 ? `${formatDuration(secondsLeft)} left` : "",
    };
  };
}

export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value >= 100 || unit === 0 ? value.toFixed(0) : value.toFixed(1)} ${units[unit] ?? ""}`;
}

function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
