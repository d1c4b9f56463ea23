import type { JSX } from 'preact';
import { PAGE_SIZE } from '../api/api';
import { Button } from '../parts/button';
import { fill } from '../parts/fill';
import { currentLuggage, goTo, type Place } from '../route';
import { texts } from '../texts';

interface PagerProps {
  readonly place: Place;
  /** The number of users on this page. */
  readonly count: number;
  readonly total: number | undefined;
  /** The last name of this page. Undefined: no page follows. */
  readonly last: string | undefined;
}

/** Leads to the next and the previous page. A page begins after a name, so that it costs the same wherever it is. */
export function Pager({ place, count, total, last }: PagerProps): JSX.Element {
  const { users: words } = texts;
  const { trail = [] } = currentLuggage();
  const after = place['after'] ?? '';
  // An address that somebody was given has no trail.
  const isLost = after !== '' && trail.length === 0;
  const first = trail.length * PAGE_SIZE + 1;
  return (
    <nav class="pager" aria-label={words.pages}>
      <p class="quiet">
        {total !== undefined && count > 0 && !isLost
          ? fill(words.range, { first, last: first + count - 1, count: total })
          : ''}
      </p>
      <Button
        isIdle={after === ''}
        onClick={() => goTo({ ...place, after: isLost ? '' : trail.at(-1) }, 'push', { trail: trail.slice(0, -1) })}
      >
        {isLost ? words.first : words.previous}
      </Button>
      <Button
        isIdle={last === undefined}
        onClick={() => goTo({ ...place, after: last }, 'push', { trail: [...trail, after] })}
      >
        {words.next}
      </Button>
    </nav>
  );
}
