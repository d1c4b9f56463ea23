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
export function mustBe({ kind, isSecret }: Setting, value: unknown): string {
  return isSecret ? `must be ${kind.expected}` : `must be ${kind.expected}, not ${describe(value)}`;
}

/** A plain value as it is; of anything else only what it is, because there may be a password inside. */
function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  const isPlain = value === null || ['boolean', 'number', 'bigint'].includes(typeof value);
  return isPlain ? String(value) : kindOf(value);
}

/** `an array`, `a text`, `null`: what a value is, without what is in it. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return 'a text';
  const name = Object.prototype.toString.call(value).slice('[object '.length, -1);
  return `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name.toLowerCase()}`;
}
