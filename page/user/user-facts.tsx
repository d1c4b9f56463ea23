import type { JSX } from 'preact';
import type { User } from '../api/types';
import { Time } from '../parts/time';
import { texts } from '../texts';

/** The facts about a user that nobody sets. */
export function UserFacts({ user }: { readonly user: User }): JSX.Element {
  const { user: words } = texts;
  const times = [
    [words.created, user.created, words.unknown],
    [words.passwordChanged, user.passwordChanged, words.unknown],
    [texts.users.lastLogin, user.lastLogin, texts.never],
  ] as const;
  return (
    <section class="card" aria-label={words.facts}>
      <dl class="facts wide">
        <div>
          <dt>{texts.users.type}</dt>
          <dd>{texts.type[user.type]}</dd>
        </div>
        {times.map(([label, at, otherwise]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{at ? <Time at={at} /> : <span class="quiet">{otherwise}</span>}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
