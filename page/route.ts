import { useEffect, useState } from 'preact/hooks';

export const VIEWS = ['users', 'user', 'permissions', 'access', 'audit', 'account'] as const;
export type View = (typeof VIEWS)[number];

/** The parameters of a place on the page, which are in the address. Empty ones are left out. */
export type Place = Readonly<Record<string, string | undefined>>;

/**
 * The address of a place, relative to the page: it works wherever the page is mounted, outlives a sign-in, and a reload leads
 * to the same place.
 */
export function hrefOf(place: Place): string {
  const entries = Object.entries(place).filter((entry): entry is [string, string] => Boolean(entry[1]));
  return `?${new URLSearchParams(entries)}`;
}

/** The state that goes along with a place, but is not in its address. It outlives a reload, and the Back button brings it back. */
export interface Luggage {
  /** Where the pages before this one begin, in a list. */
  readonly trail?: readonly string[];
}

/** Goes to a place. The Back button leads from it, unless it replaces the current one. */
export function goTo(place: Place, how: 'push' | 'replace' = 'push', luggage: Luggage = {}): void {
  history[`${how}State`](luggage, '', hrefOf(place));
  dispatchEvent(new PopStateEvent('popstate', { state: luggage }));
}

export function currentLuggage(): Luggage {
  return Object(history.state);
}

/** The place that the address names. */
function currentPlace(): Place {
  return Object.fromEntries(new URLSearchParams(location.search));
}

/** The current place. It follows the address. */
export function usePlace(): Place {
  const [place, setPlace] = useState(currentPlace);
  useEffect(() => {
    const follow = () => setPlace(currentPlace());
    addEventListener('popstate', follow);
    return () => removeEventListener('popstate', follow);
  }, []);
  return place;
}
