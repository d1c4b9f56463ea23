import { DEFAULT_STORE_SETTINGS, type StoreSettings, type StoreState } from '../../users/repository.js';

/** The problems of a store, the worst first. Each is a reason for the operator, or undefined while there is none. */
interface Problems {
  /** The files are gone or replaced. */
  files: string | undefined;
  /** The last question failed. */
  reading: string | undefined;
  /** The last change failed. */
  writing: string | undefined;
}

/** Keeps the {@link Problems} of a store, and reports the state that follows from them whenever it changes. */
export class Condition {
  readonly #problems: Problems = { files: undefined, reading: undefined, writing: undefined };
  /** One repository may serve several middlewares. */
  readonly #reports = new Set<StoreSettings['report']>();

  /** Reports the state now, and whenever it changes. */
  reportTo({ report }: StoreSettings): void {
    if (report === DEFAULT_STORE_SETTINGS.report) return;
    this.#reports.add(report);
    report(...this.#state);
  }

  /** The reason why the store cannot be used. */
  get filesProblem(): string | undefined {
    return this.#problems.files;
  }

  /** The reason why changes fail. */
  get writingProblem(): string | undefined {
    return this.#problems.writing;
  }

  /** @param reason undefined: the problem is over */
  set(what: keyof Problems, reason: string | undefined): void {
    if (this.#problems[what] === reason) return;
    this.#problems[what] = reason;
    for (const report of this.#reports) report(...this.#state);
  }

  get #state(): [StoreState, string | undefined] {
    const { files, reading, writing } = this.#problems;
    const [down, degraded] = [files ?? reading, writing];
    if (down !== undefined) return ['down', down];
    return degraded === undefined ? ['up', undefined] : ['degraded', `changes fail: ${degraded}`];
  }
}
