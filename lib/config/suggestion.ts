import { closest, distance } from 'fastest-levenshtein';

/** More than this many letters apart is another word. */
const MAX_DISTANCE = 3;

/**
 * The known word that was probably meant, if there is one; the first of those that are equally near. Case, and `-` or
 * `_`, make no other word.
 */
export function suggest(word: string, known: readonly string[]): string | undefined {
  const plain = (text: string) => text.toLowerCase().replace(/[-_\s]/g, '');
  const nearest = closest(plain(word), known.map(plain));
  const isNear = distance(plain(word), nearest) <= Math.min(MAX_DISTANCE, nearest.length / 3);
  return isNear ? known.find((candidate) => plain(candidate) === nearest) : undefined;
}

/** `: did you mean auth-enabled?`, or nothing. */
export function didYouMean(suggestion: string | undefined): string {
  return suggestion === undefined ? '' : `: did you mean ${suggestion}?`;
}
