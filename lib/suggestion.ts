import { closest, distance } from 'fastest-levenshtein';

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
