import { DEFAULT_STORE_SETTINGS, type StoreSettings, type StoreState } from '../../store-state.js';

/** What may be wrong with a store, the worst first. Each is a reason for the operator, or undefined. */
interface Problems {
  /** The files are not those that they were. */
  files: string | undefined;
  /** The last question failed. */
  reading: string | undefined;
  /** The last change failed. */
  writing: string | undefined;
}

/** How the store is, told whenever that changes. */
export class Condition {
  readonly #problems: Problems = { files: undefined, reading: undefined, writing: undefined };
  /** One repository may serve several middlewares. */
  readonly #reports = new Set<StoreSettings['report']>();

  /** From now on this is told how the store is. */
  tell({ report }: StoreSettings): void {
    if (report === DEFAULT_STORE_SETTINGS.report) return;
    this.#reports.add(report);
    report(...this.#state);
  }

  /** The reason for which users cannot be read. */
  get filesProblem(): string | undefined {
    return this.#problems.files;
  }

  get writingProblem(): string | undefined {
    return this.#problems.writing;
  }

  /** @param reason undefined: all is well with this */
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
