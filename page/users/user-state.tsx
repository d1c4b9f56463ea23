import type { JSX } from 'preact';
import type { User } from '../api/types';
import { fill } from '../parts/fill';
import { Time } from '../parts/time';
import { texts } from '../texts';

/** Milliseconds before an end that is shown: a week. */
const SOON = 7 * 86_400_000;

/** Whether a user can log in, and what to know about it. */
export function UserState({ user }: { readonly user: User }): JSX.Element {
  const left = user.expires ? Date.parse(user.expires) - Date.now() : Number.POSITIVE_INFINITY;
  const isExpired = left <= 0;
  const isSoon = !isExpired && left <= SOON;
  return (
    <span class="badges">
      {user.enabled === false && <span class="badge off">{texts.state.disabled}</span>}
      {isExpired && <span class="badge off">{texts.state.expired}</span>}
      {user.enabled !== false && !isExpired && <span class="badge on">{texts.state.enabled}</span>}
      {isSoon && (
        <span class="badge warn">
          {fill(texts.state.expiresSoon, { time: <Time at={user.expires as string} isRelative /> })}
        </span>
      )}
      {user.mustChangePassword && <span class="badge warn">{texts.state.mustChange}</span>}
    </span>
  );
}
