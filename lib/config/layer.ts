import type { Setting } from './settings.js';

/** What one source says: the file, the environment, or code. */
export class Layer {
  /** Everything that is wrong with it, one text for each. */
  readonly problems: string[] = [];
  /** The folder where relative paths start. */
  readonly folder: string;
  readonly #values = new Map<Setting, unknown>();

  constructor(folder: string) {
    this.folder = folder;
  }

  set<T>(setting: Setting<T>, value: T): void {
    this.#values.set(setting as Setting, value);
  }

  get<T>(setting: Setting<T>): T | undefined {
    return this.#values.get(setting as Setting) as T | undefined;
  }
}

/** `must be true or false, not "yes"`; a secret is not repeated. */
export function mustBe(setting: Setting, value: unknown): string {
  if (setting.isSecret) return `must be ${setting.kind.expected}`;
  const shown = typeof value === 'bigint' ? String(value) : JSON.stringify(value);
  return `must be ${setting.kind.expected}, not ${shown}`;
}
