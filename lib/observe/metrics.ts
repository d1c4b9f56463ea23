import { type KnownKeys, keyProblem } from '../argument-checks.js';
import { ConfigError } from '../errors.js';
import { type AuditEvents, LOGIN_FAILURES } from '../users/audit-events.js';
import { STORE_STATES, type StoreHealth } from '../users/repository.js';
import {
  type Histogram,
  loadPrometheus,
  type MetricOptions,
  type MetricsRegistry,
  type Prometheus,
} from './prometheus.js';

/** https://prometheus.io/docs/concepts/data_model/#metric-names-and-labels */
const PREFIX = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/** Seconds. Each step of bcrypt's cost doubles the time. */
const HASHING_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Seconds: from a database on the same machine to one that does not answer. */
const STORE_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

const OPTIONS: KnownKeys = { owner: 'the options of registerIn', noun: 'option', keys: ['prefix'] };

export interface MetricsOptions {
  /** The beginning of each metric's name. Two middlewares in one registry need different ones. Defaults to `kapacitor_auth_`. */
  readonly prefix?: string | undefined;
}

/** The values that the metrics show. */
export interface MetricsSource {
  readonly on: <Event extends keyof AuditEvents>(event: Event, listener: (event: AuditEvents[Event]) => void) => void;
  readonly cacheCounts: () => { readonly hits: number; readonly misses: number };
  readonly queueLength: (isKnown: boolean) => number;
  readonly health: () => StoreHealth;
}

/** A finished operation of the hasher or the store. */
interface Work {
  readonly operation: string;
  /** Milliseconds. */
  readonly took: number;
}

/** The metrics of a middleware for Prometheus. No label is a user's name, because there may be a million of them. */
export class Metrics {
  readonly #source: MetricsSource;
  readonly #timings: Timings[] = [];

  constructor(source: MetricsSource) {
    this.#source = source;
  }

  /**
   * Adds the metrics to a registry of `prom-client`: `auth.metrics.registerIn(register)`. They count from then on.
   *
   * @throws {ConfigError} `prom-client` is not installed or cannot be loaded, the registry or the prefix is not valid, an
   *   option is unknown, or the registry has these metrics already.
   */
  registerIn(registry: MetricsRegistry, options: MetricsOptions = {}): void {
    const prefix = checkedPrefix(registry, options);
    const prometheus = loadPrometheus();
    const describe: Describe = (name, help, ...labelNames) => ({
      name: prefix + name,
      help,
      labelNames,
      registers: [registry],
    });
    countEvents(prometheus, describe, this.#source);
    showState(prometheus, describe, this.#source);
    this.#timings.push(createTimings(prometheus, describe));
  }

  /** Records that a password was hashed or verified after it waited so many milliseconds. */
  hashed({ operation, waited, took }: Work & { readonly waited: number }): void {
    for (const { waiting, hashing } of this.#timings) {
      waiting.observe({ operation }, waited / 1_000);
      hashing.observe({ operation }, took / 1_000);
    }
  }

  /** Records that the store has answered, or failed. */
  asked({ operation, took }: Work): void {
    for (const { store } of this.#timings) store.observe({ operation }, took / 1_000);
  }
}

/** @throws {ConfigError} see {@link Metrics.registerIn} */
function checkedPrefix(registry: MetricsRegistry, options: MetricsOptions): string {
  const problem = keyProblem(options, OPTIONS);
  if (problem !== undefined) throw new ConfigError(`metrics: ${problem}`);
  if (typeof registry?.registerMetric !== 'function' || typeof registry.getSingleMetric !== 'function') {
    throw new ConfigError(
      'metrics: registerIn takes a registry of prom-client: registerIn(register), or registerIn(new Registry())',
    );
  }
  const { prefix = 'kapacitor_auth_' } = options;
  if (typeof prefix !== 'string' || !PREFIX.test(prefix)) {
    throw new ConfigError(
      'metrics: a prefix consists of letters, digits, _ and :, and does not begin with a digit: "reports_"',
    );
  }
  if (registry.getSingleMetric(`${prefix}logins_total`) !== undefined) {
    throw new ConfigError(
      `metrics: the registry has ${prefix}logins_total already: give each middleware a prefix, or a registry, of its own`,
    );
  }
  return prefix;
}

/** The counters of audit events. */
function countEvents({ Counter }: Prometheus, describe: Describe, { on }: MetricsSource): void {
  const logins = new Counter(
    describe('logins_total', 'Logins that were not answered from the cache, by outcome.', 'outcome'),
  );
  for (const outcome of ['success', ...LOGIN_FAILURES]) logins.inc({ outcome }, 0);
  on('login', () => logins.inc({ outcome: 'success' }));
  on('login-failed', ({ reason }) => logins.inc({ outcome: reason }));

  const denied = new Counter(
    describe('denied_total', 'Requests without credentials (401) or without the privilege (403).', 'status'),
  );
  for (const status of ['401', '403']) denied.inc({ status }, 0);
  on('denied', ({ status }) => denied.inc({ status: String(status) }));

  const operations = new Counter(
    describe('user_operations_total', 'Attempts to create, change or delete a user.', 'operation', 'outcome'),
  );
  for (const [event, operation] of [
    ['user-created', 'create'],
    ['user-changed', 'change'],
    ['user-deleted', 'delete'],
  ] as const) {
    for (const outcome of ['success', 'failure']) operations.inc({ operation, outcome }, 0);
    on(event, () => operations.inc({ operation, outcome: 'success' }));
  }
  on('user-operation-failed', ({ operation }) => operations.inc({ operation, outcome: 'failure' }));
}

/** The metrics that are read when Prometheus asks for them. */
function showState(
  { Counter, Gauge }: Prometheus,
  describe: Describe,
  { cacheCounts, queueLength, health }: MetricsSource,
): void {
  new Counter({
    ...describe('cache_requests_total', 'Look-ups in the cache of verified credentials.', 'result'),
    collect() {
      this.reset();
      const { hits, misses } = cacheCounts();
      this.inc({ result: 'hit' }, hits);
      this.inc({ result: 'miss' }, misses);
    },
  });
  new Gauge({
    ...describe('hashing_queue_length', 'Passwords that wait to be hashed or verified.', 'client'),
    collect() {
      this.set({ client: 'known' }, queueLength(true));
      this.set({ client: 'stranger' }, queueLength(false));
    },
  });
  new Gauge({
    ...describe('store_state', 'State of the user store: 1 for the current one, 0 for the others.', 'state'),
    collect() {
      for (const state of STORE_STATES) this.set({ state }, health().state === state ? 1 : 0);
    },
  });
}

interface Timings {
  readonly waiting: Histogram;
  readonly hashing: Histogram;
  readonly store: Histogram;
}

function createTimings({ Histogram }: Prometheus, describe: Describe): Timings {
  const timing = (name: string, help: string, buckets: readonly number[]) =>
    new Histogram({ ...describe(name, help, 'operation'), buckets });
  return {
    waiting: timing('hashing_wait_seconds', 'Time that passwords waited for their turn.', HASHING_BUCKETS),
    hashing: timing('hashing_duration_seconds', 'Time that bcrypt took.', HASHING_BUCKETS),
    store: timing('store_duration_seconds', 'Time that the store took, if it did not answer at once.', STORE_BUCKETS),
  };
}

/** Describes a metric of one registry. */
type Describe = (name: string, help: string, ...labelNames: string[]) => MetricOptions<never>;
