import { closest, distance } from 'fastest-levenshtein';

/** More than this many letters apart is another word. */
const MAX_DISTANCE = 4;

/** The known word that was probably meant, if there is one; the first of those that are equally near. */
export function suggest(word: string, known: readonly string[]): string | undefined {
  const lowerCase = known.map((each) => each.toLowerCase());
  const nearest = closest(word.toLowerCase(), lowerCase);
  const isNear = distance(word.toLowerCase(), nearest) <= Math.min(MAX_DISTANCE, nearest.length / 3);
  return isNear ? known[lowerCase.indexOf(nearest)] : undefined;
}

/** `: did you mean auth-enabled?`, or nothing. */
export function didYouMean(suggestion: string | undefined): string {
  return suggestion === undefined ? '' : `: did you mean ${suggestion}?`;
}
