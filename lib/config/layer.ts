import { describeValue } from '../safe-text.js';
import type { Setting } from './settings.js';

/** Where a value stands. */
export interface Place {
  /** For a report: `/etc/kapacitor/kapacitor.conf, line 12`, `KAPACITOR_AUTH_BCRYPT_COST`, or `code`. */
  readonly from: string;
  /** What a message about it begins with: the same and the key, the variable, or `auth.bcryptCost`. */
  readonly subject: string;
}

/** Something that is wrong. */
export interface Problem {
  readonly text: string;
  /** The setting whose value is wrong, which stops a start only while it counts. Absent: it always does. */
  readonly setting?: Setting;
}

/** What one source says: the file, the environment, or code. */
export class Layer {
  /** Everything that is wrong with it. */
  readonly problems: Problem[] = [];
  /** What is allowed there, and should be known. */
  readonly warnings: string[] = [];
  /** Why it could not be read, if it could not. */
  cause: unknown;
  /** The folder where relative paths start. */
  readonly folder: string;
  readonly #values = new Map<Setting, { readonly value: unknown; readonly place: Place }>();
  readonly #refused = new Set<Setting>();
  readonly #doubts = new Set<Setting>();

  constructor(folder: string) {
    this.folder = folder;
  }

  set<T>(setting: Setting<T>, value: T, place: Place): void {
    this.#values.set(setting as Setting, { value, place });
  }

  get<T>(setting: Setting<T>): T | undefined {
    return this.#values.get(setting as Setting)?.value as T | undefined;
  }

  placeOf(setting: Setting): Place | undefined {
    return this.#values.get(setting)?.place;
  }

  /** Keeps a problem that always stops a start, such as a key that is not known, and may be about these settings. */
  complain(text: string, doubtful: Iterable<Setting> = []): void {
    this.problems.push({ text });
    this.doubt(doubtful);
  }

  /** Keeps a problem with the value of a setting. */
  refuse(setting: Setting, text: string): void {
    this.problems.push({ text, setting });
    this.#refused.add(setting);
  }

  /** Leaves a refused value out of account: the layer does not set the setting. */
  forgive(setting: Setting): void {
    this.#refused.delete(setting);
  }

  /** What it says of these cannot be made out: a problem has been told, and what would follow from it is not told. */
  doubt(settings: Iterable<Setting>): void {
    for (const setting of settings) this.#doubts.add(setting);
  }

  doubts(setting: Setting): boolean {
    return this.#refused.has(setting) || this.#doubts.has(setting);
  }
}

/** `must be true or false, not "yes"`; a secret is not repeated. */
export function mustBe({ kind, isSecret }: Setting, value: unknown): string {
  const fault = kind.faultOf?.(value);
  if (fault !== undefined) return fault;
  return isSecret ? `must be ${kind.expected}` : `must be ${kind.expected}, not ${describeValue(value)}`;
}
