import { closest, distance } from 'fastest-levenshtein';
import { ConfigError } from './errors.js';
import { describeType, quoteText } from './safe-text.js';

/** What an object may have in it. */
export interface KnownKeys {
  /** What the object is called, for messages: `a user`. */
  readonly owner: string;
  /** What one of its keys is called, for messages: `field`. */
  readonly noun: 'field' | 'option';
  readonly keys: readonly string[];
}

/**
 * What keeps a value from being an object with none but known keys, or undefined: `unknown field "enable": did you mean
 * enabled?`. A typo must not be silent, so a key that is not known is a problem also where its value is undefined.
 */
export function keyProblem(value: unknown, { owner, noun, keys }: KnownKeys): string | undefined {
  // A map or a promise has no keys of its own: it would count as empty, and what it says be ignored.
  if (Object.prototype.toString.call(value) !== '[object Object]') {
    return `${owner} must be an object with ${inWords(keys)}, not ${describeType(value)}`;
  }
  const unknown = Object.keys(value as object).find((key) => !keys.includes(key));
  if (unknown === undefined) return undefined;
  const hint = didYouMean(suggest(unknown, keys)) || `: ${owner} has ${inWords(keys)}`;
  return `unknown ${noun} ${quoteText(unknown)}${hint}`;
}

/** `name, type and enabled`. */
export function inWords(words: readonly string[], conjunction: 'and' | 'or' = 'and'): string {
  const last = words.at(-1) as string;
  return words.length === 1 ? last : `${words.slice(0, -1).join(', ')} ${conjunction} ${last}`;
}

/**
 * Refuses arguments that a function does not know: they would be ignored, and somebody counts on them.
 *
 * @param takes such as `an event and a listener`
 * @throws {ConfigError}
 */
export function refuseExtra(call: string, takes: string, extra: readonly unknown[]): void {
  if (extra.length > 0) throw new ConfigError(`${call} takes ${takes}, and no more arguments`);
}

/** More than this many letters apart is another word. */
const MAX_DISTANCE = 4;

/** The known word that was probably meant, if there is one; the first of those that are equally near. */
export function suggest(word: string, known: readonly string[]): string | undefined {
  const lowerCase = known.map((each) => each.toLowerCase());
  const nearest = closest(word.toLowerCase(), lowerCase);
  return isNear(word.toLowerCase(), nearest) ? known[lowerCase.indexOf(nearest)] : undefined;
}

/** What both end in says nothing: `flux-enabled` is not nearly `log-enabled`. An abbreviation is near: `min-length`. */
function isNear(word: string, nearest: string): boolean {
  const [ending = ''] = /[-_ ][^-_ ]+$/.exec(nearest) ?? [];
  const part = (whole: string) => (word.endsWith(ending) ? whole.slice(0, whole.length - ending.length) : whole);
  const [written, meant] = [part(word), part(nearest)];
  const most = meant.startsWith(written) ? MAX_DISTANCE : Math.min(MAX_DISTANCE, meant.length / 3);
  return distance(written, meant) <= most;
}

/** `: did you mean auth-enabled?`, or nothing. */
export function didYouMean(suggestion: string | undefined): string {
  return suggestion === undefined ? '' : `: did you mean ${suggestion}?`;
}
