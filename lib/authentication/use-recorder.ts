import type { MaybePromise } from '../promises.js';

/** Milliseconds. Uses within this time are recorded together. */
const COLLECT_FOR = 1_000;
/** The most subjects that are remembered, and that wait to be recorded. */
const MAX_SUBJECTS = 20_000;

/** A use of something, such as a key, or a login of a user. */
export interface Use {
  /** The subject of the use, such as the digest of a key or the name of a user. */
  readonly subject: string;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** Records when something was used. No request waits for it, and a use that cannot be recorded is lost. */
export class UseRecorder {
  readonly #every: number;
  readonly #store: (uses: readonly Use[]) => MaybePromise<void>;
  /** The last noted use of each subject in this period, the oldest first. */
  readonly #noted = new Map<string, number>();
  #waiting: Use[] = [];
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param every milliseconds between two recorded uses of a subject
   * @param store records uses. The store leaves out those that another process has recorded in this period
   */
  constructor(every: number, store: (uses: readonly Use[]) => MaybePromise<void>) {
    this.#every = every;
    this.#store = store;
  }

  /** Notes that a subject is used now. */
  note(subject: string, time: number): void {
    const noted = this.#noted.get(subject);
    if (noted !== undefined && time - noted < this.#every) return;
    // The store knows better about a subject that is forgotten too early.
    if (noted === undefined && this.#noted.size >= MAX_SUBJECTS) this.#noted.delete(this.#oldest);
    this.#noted.delete(subject);
    this.#noted.set(subject, time);
    if (this.#waiting.length < MAX_SUBJECTS) this.#waiting.push({ subject, time });
    this.#timer ??= setTimeout(() => this.#record(), COLLECT_FOR).unref();
  }

  /** When this process noted the subject last, in the last period or two. */
  lastNoted(subject: string): number | undefined {
    return this.#noted.get(subject);
  }

  /** Uses that wait are lost. */
  close(): void {
    clearTimeout(this.#timer);
    this.#noted.clear();
    this.#waiting = [];
  }

  get #oldest(): string {
    return this.#noted.keys().next().value as string;
  }

  #record(): void {
    this.#timer = undefined;
    const uses = this.#waiting;
    this.#waiting = [];
    const oldest = Date.now() - this.#every;
    for (const [subject, time] of this.#noted) {
      if (time > oldest) break;
      this.#noted.delete(subject);
    }
    // The store reports its own failures.
    void Promise.allSettled([(async () => this.#store(uses))()]);
  }
}
