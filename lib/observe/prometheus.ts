import { ConfigError } from '../errors.js';
import { loadPackage } from '../optional-package.js';

/*
 * The types of the parts of `prom-client` that are used. An app without metrics has neither the package nor its types.
 */

/** A registry of `prom-client`. */
export interface MetricsRegistry {
  registerMetric(metric: any): void;
  getSingleMetric(name: string): unknown;
}

type Labels = Readonly<Record<string, string>>;

export interface MetricOptions<Metric> {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly registers: readonly MetricsRegistry[];
  readonly buckets?: readonly number[];
  /** Called when Prometheus asks for the metrics. */
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

/** The package `prom-client`. */
export interface Prometheus {
  readonly Counter: new (options: MetricOptions<Counter>) => Counter;
  readonly Gauge: new (options: MetricOptions<Gauge>) => Gauge;
  readonly Histogram: new (options: MetricOptions<Histogram>) => Histogram;
}

/** @throws {ConfigError} `prom-client` is not installed or cannot be loaded. */
export function loadPrometheus(): Prometheus {
  return loadPackage('prom-client', 'metrics need', ConfigError);
}
