import { AggregatorRegistry, type OpenMetricsContentType, Registry } from "prom-client";

/** The classic text, or OpenMetrics 1.0, which alone can carry exemplars. */
export type MetricsFormat = "text" | "openmetrics";

/** As JSON holds it. */
export type MetricReadings = Awaited<ReturnType<Registry["getMetricsAsJSON"]>>;

export interface ExposedMetrics {
  readonly contentType: string;
  readonly text: string;
}

/** A value as the library gives it, which its types do not tell. */
type Sample = MetricReadings[number]["values"][number] & {
  readonly metricName?: string;
  readonly exemplar?: { readonly timestamp: number } | null;
};

/** The sums over processes; of gauges that are no amounts the least or the average. */
export async function mergeMetrics(readings: readonly MetricReadings[], format: MetricsFormat): Promise<ExposedMetrics> {
  if (format === "openmetrics") return toOpenMetrics(readings);
  // The library asks for an array that it does not change.
  const merged = AggregatorRegistry.aggregate([...readings]);
  return { contentType: merged.contentType, text: await merged.metrics() };
}

/**
 * The library writes OpenMetrics from its own registry by renaming the counters there for good, and adds figures up without their exemplars.
 * So copies are renamed, and the newest exemplar of each bucket is put back.
 */
async function toOpenMetrics(readings: readonly MetricReadings[]): Promise<ExposedMetrics> {
  const renamed = readings.map((each) => each.map(toOpenMetric));
  const merged = AggregatorRegistry.aggregate<OpenMetricsContentType>(renamed);
  merged.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  const exemplars = newestExemplars(renamed.flat().flatMap(({ values }) => values));
  for (const metric of merged.getMetricsAsArray()) {
    for (const value of (await merged.getSingleMetric(metric.name)?.get())?.values ?? []) {
      const exemplar = exemplars.get(keyOf(value));
      if (exemplar !== undefined) Object.assign(value, { exemplar });
    }
  }
  return { contentType: merged.contentType, text: await merged.metrics() };
}

function toOpenMetric(metric: MetricReadings[number]): MetricReadings[number] {
  return { ...metric, name: metric.name.replace(/_total$/, ""), values: metric.values.map(toOpenValue) };
}

/** Bounds are floating-point numbers there: `1.0`. */
function toOpenValue(sample: Sample): Sample {
  const { le } = sample.labels;
  return Number.isInteger(le) ? { ...sample, labels: { ...sample.labels, le: `${le}.0` } } : sample;
}

function newestExemplars(samples: readonly Sample[]): ReadonlyMap<string, { readonly timestamp: number }> {
  const newest = new Map<string, { readonly timestamp: number }>();
  for (const sample of samples) {
    if (!sample.exemplar) continue;
    const key = keyOf(sample);
    if ((newest.get(key)?.timestamp ?? 0) < sample.exemplar.timestamp) newest.set(key, sample.exemplar);
  }
  return newest;
}

function keyOf({ metricName, labels }: Sample): string {
  const names = Object.keys(labels).toSorted();
  return JSON.stringify([metricName, ...names.map((name) => [name, labels[name]])]);
}
