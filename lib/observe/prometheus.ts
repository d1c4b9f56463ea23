import { ConfigError } from '../errors.js';
import { loadPackage } from '../optional-package.js';

/** What is used of a registry of `prom-client`. An app that has no metrics need not have its types. */
export interface MetricsRegistry {
  registerMetric(metric: any): void;
  getSingleMetric(name: string): unknown;
}

type Labels = Readonly<Record<string, string>>;

interface MetricOptions<Metric> {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly registers: readonly MetricsRegistry[];
  readonly buckets?: readonly number[];
  /** Called when the metrics are asked for. */
  collect?(this: Metric): void;
}

interface Counter {
  inc(labels: Labels, value?: number): void;
  reset(): void;
}

interface Gauge {
  set(labels: Labels, value: number): void;
}

export interface Histogram {
  observe(labels: Labels, value: number): void;
}

/** What is used of the package `prom-client`. */
interface Prometheus {
  readonly Counter: new (options: MetricOptions<Counter>) => Counter;
  readonly Gauge: new (options: MetricOptions<Gauge>) => Gauge;
  readonly Histogram: new (options: MetricOptions<Histogram>) => Histogram;
}

/** Loaded when it is asked for: most apps have no metrics. */
export function loadPrometheus(): Prometheus {
  return loadPackage('prom-client', 'metrics need', ConfigError);
}
