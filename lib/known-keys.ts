import { kindOf, quoteText } from './described-value.js';
import { didYouMean, suggest } from './suggestion.js';

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
    return `${owner} must be an object with ${inWords(keys)}, not ${kindOf(value)}`;
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
