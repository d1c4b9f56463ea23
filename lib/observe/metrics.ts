import { type KnownKeys, keyProblem } from '../argument-checks.js';
import type { CacheCounts } from '../authentication/authenticator.js';
import type { HashingWork } from '../authentication/password-hasher.js';
import { ConfigError } from '../errors.js';
import type { AuditEvents } from '../users/audit-events.js';
import { LOGIN_FAILURES } from '../users/audit-events.js';
import { STORE_STATES, type StoreHealth, type StoreWork } from '../users/repository.js';
import { type Histogram, loadPrometheus, type MetricsRegistry } from './prometheus.js';

/** https://prometheus.io/docs/concepts/data_model/#metric-names-and-labels */
const PREFIX = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/** Seconds: each step of bcrypt's cost doubles them. */
const HASHING_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Seconds: from a database beside the app to one that is about to be given up. */
const STORE_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

const OPTIONS: KnownKeys = { owner: 'what registerIn is told', noun: 'option', keys: ['prefix'] };

export interface MetricsOptions {
  /** What each name begins with; two middlewares in one registry need two of them. Defaults to `kapacitor_auth_`. */
  readonly prefix?: string | undefined;
}

/** What the metrics are about. */
export interface MetricsSource {
  readonly on: <Event extends keyof AuditEvents>(event: Event, listener: (event: AuditEvents[Event]) => void) => void;
  readonly cacheCounts: () => CacheCounts;
  readonly queueLength: (isKnown: boolean) => number;
  readonly health: () => StoreHealth;
}

/** What is measured when it happens, and not looked up when the metrics are asked for. */
interface Timings {
  readonly waiting: Histogram;
  readonly hashing: Histogram;
  readonly store: Histogram;
}

/** Tells Prometheus how it goes. No label has a user's name: there may be a million. */
export class Metrics {
  readonly #source: MetricsSource;
  readonly #timings: Timings[] = [];

  constructor(source: MetricsSource) {
    this.#source = source;
  }

  /**
   * Adds the metrics to a registry of `prom-client`: `auth.metrics.registerIn(register)`. What happens is counted from
   * then on.
   *
   * @throws {ConfigError} `prom-client` is not installed, the registry or the prefix is none, an option is not known, or
   *   the registry has these metrics already
   */
  registerIn(registry: MetricsRegistry, options: MetricsOptions = {}): void {
    const problem = keyProblem(options, OPTIONS);
    if (problem !== undefined) throw new ConfigError(`metrics: ${problem}`);
    if (typeof registry?.registerMetric !== 'function' || typeof registry.getSingleMetric !== 'function') {
      throw new ConfigError("metrics: the registry is prom-client's: registerIn(register), or a new Registry()");
    }
    const { prefix = 'kapacitor_auth_' } = options;
    if (typeof prefix !== 'string' || !PREFIX.test(prefix)) {
      throw new ConfigError(
        'metrics: a prefix is made of letters, digits, _ and :, and begins with no digit: "reports_"',
      );
    }
    if (registry.getSingleMetric(`${prefix}logins_total`) !== undefined) {
      throw new ConfigError(
        `metrics: the registry has ${prefix}logins_total already: give each middleware a prefix, or a registry, of its own`,
      );
    }
    const { Counter, Gauge, Histogram } = loadPrometheus();
    const { on, cacheCounts, queueLength, health } = this.#source;
    const named = (name: string, help: string, label: string, ...more: string[]) => ({
      name: prefix + name,
      help,
      labelNames: [label, ...more],
      registers: [registry],
    });

    const logins = new Counter(
      named('logins_total', 'Logins that the cache did not know, by how they ended.', 'outcome'),
    );
    for (const outcome of ['success', ...LOGIN_FAILURES]) logins.inc({ outcome }, 0);
    on('login', () => logins.inc({ outcome: 'success' }));
    on('login-failed', ({ reason }) => logins.inc({ outcome: reason }));

    const denied = new Counter(
      named('denied_total', 'Requests without credentials (401), and of users who may not (403).', 'status'),
    );
    for (const status of ['401', '403']) denied.inc({ status }, 0);
    on('denied', ({ status }) => denied.inc({ status: String(status) }));

    const operations = new Counter(
      named('user_operations_total', 'Users to create, change or delete, by how it ended.', 'operation', 'outcome'),
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

    new Counter({
      ...named('cache_requests_total', 'Credentials that were looked for among the verified ones.', 'result'),
      collect() {
        this.reset();
        const { hits, misses } = cacheCounts();
        this.inc({ result: 'hit' }, hits);
        this.inc({ result: 'miss' }, misses);
      },
    });
    new Gauge({
      ...named('hashing_queue_length', 'Passwords that wait to be hashed or verified.', 'client'),
      collect() {
        this.set({ client: 'known' }, queueLength(true));
        this.set({ client: 'stranger' }, queueLength(false));
      },
    });
    new Gauge({
      ...named('store_state', 'The state of the user store: 1 for the one that it is in.', 'state'),
      collect() {
        for (const state of STORE_STATES) this.set({ state }, health().state === state ? 1 : 0);
      },
    });

    const timing = (name: string, help: string, buckets: readonly number[]) =>
      new Histogram({ ...named(name, help, 'operation'), buckets });
    this.#timings.push({
      waiting: timing('hashing_wait_seconds', 'How long passwords waited for their turn.', HASHING_BUCKETS),
      hashing: timing('hashing_duration_seconds', 'How long bcrypt took.', HASHING_BUCKETS),
      store: timing('store_duration_seconds', 'How long the store took, where it had to be waited for.', STORE_BUCKETS),
    });
  }

  /** A password was hashed or verified. */
  hashed({ operation, waited, took }: HashingWork): void {
    for (const { waiting, hashing } of this.#timings) {
      waiting.observe({ operation }, waited / 1_000);
      hashing.observe({ operation }, took / 1_000);
    }
  }

  /** The store has answered, or failed to. */
  asked({ operation, took }: StoreWork): void {
    for (const { store } of this.#timings) store.observe({ operation }, took / 1_000);
  }
}
