import { closest, distance } from 'fastest-levenshtein';
import { ConfigError } from './errors.js';
import { describeType, quoteText } from './safe-text.js';

/** The keys that an object may have. */
export interface KnownKeys {
  /** The object's name in messages, such as `a user`. */
  readonly owner: string;
  /** The name of its keys in messages. */
  readonly noun: 'field' | 'option' | 'parameter';
  readonly keys: readonly string[];
}

/**
 * The problem of a value that should be an object with only known keys, such as `unknown field "enable": did you mean
 * enabled?`. Undefined if there is none. A typo must not be silent, so an unknown key is a problem even if its value is
 * undefined.
 */
export function keyProblem(value: unknown, { owner, noun, keys }: KnownKeys): string | undefined {
  if (!isPlainObject(value)) {
    return `${owner} must be an object with ${inWords(keys)}, not ${describeType(value)}`;
  }
  const unknown = Object.keys(value).find((key) => !keys.includes(key));
  if (unknown === undefined) return undefined;
  const hint = didYouMean(suggest(unknown, keys)) || `: ${owner} has ${inWords(keys)}`;
  return `unknown ${noun} ${quoteText(unknown)}${hint}`;
}

/**
 * Whether a value is an object whose content is in its own keys. A map, a promise, a date and an array are not: they would
 * pass for an object without keys.
 */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return Object.prototype.toString.call(value) === '[object Object]';
}

/**
 * Refuses arguments that a function does not know, because the caller expects them to have an effect.
 *
 * @param takes the known arguments, such as `an event and a listener`
 * @throws {ConfigError}
 */
export function refuseExtra(call: string, takes: string, extra: readonly unknown[]): void {
  if (extra.length > 0) throw new ConfigError(`${call} takes ${takes}, and no more arguments`);
}

/**
 * Refuses a value that is not a function: the caller may expect options.
 *
 * @throws {ConfigError}
 */
export function requireFunction(call: string, argument: string, value: unknown): void {
  if (typeof value === 'function') return;
  throw new ConfigError(`${call}: ${argument} must be a function, not ${describeType(value)}`);
}

/** Edits. Words that are farther apart are different words. */
const MAX_DISTANCE = 4;

/** The known word that was probably meant, or undefined. The first of several that are equally near. */
export function suggest(word: string, known: readonly string[]): string | undefined {
  const lowerCase = known.map((each) => each.toLowerCase());
  const written = word.toLowerCase();
  const nearest = lowerCase.find((each) => isSwapped(written, each)) ?? closest(written, lowerCase);
  return isSwapped(written, nearest) || isNear(written, nearest) ? known[lowerCase.indexOf(nearest)] : undefined;
}

/** Two neighbouring letters have changed places: `raed`. That is one slip, and two edits. */
function isSwapped(written: string, meant: string): boolean {
  const at = [...meant].findIndex((letter, index) => letter !== written[index]);
  return written === meant.slice(0, at) + meant.charAt(at + 1) + meant.charAt(at) + meant.slice(at + 2);
}

/** A common ending does not count: `flux-enabled` is not near `log-enabled`. An abbreviation is near: `min-length`. */
function isNear(word: string, nearest: string): boolean {
  const [ending = ''] = /[-_ ][^-_ ]+$/.exec(nearest) ?? [];
  const part = (whole: string) => (word.endsWith(ending) ? whole.slice(0, whole.length - ending.length) : whole);
  const [written, meant] = [part(word), part(nearest)];
  const most = meant.startsWith(written) ? MAX_DISTANCE : Math.min(MAX_DISTANCE, meant.length / 3);
  return distance(written, meant) <= most;
}

/** `: did you mean auth-enabled?`, or an empty text. */
export function didYouMean(suggestion: string | undefined): string {
  return suggestion === undefined ? '' : `: did you mean ${suggestion}?`;
}

/** `name, type and enabled`. */
export function inWords(words: readonly string[], conjunction: 'and' | 'or' = 'and'): string {
  const last = words.at(-1) as string;
  return words.length === 1 ? last : `${words.slice(0, -1).join(', ')} ${conjunction} ${last}`;
}
