import type { JSX } from 'preact';
import type { User } from '../api/types';
import { timeText } from '../parts/time';
import { texts } from '../texts';
import type { Conflict } from './use-version';

/** The changes of somebody else, field by field. */
export function ConflictList({ conflict: { before, now } }: { readonly conflict: Conflict }): JSX.Element {
  const changed = FIELDS.filter(([, show]) => show(before) !== show(now));
  if (changed.length === 0) return <p>{texts.conflict.same}</p>;
  return (
    <dl class="facts">
      {changed.map(([label, show]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>
            <del>
              <bdi>{show(before)}</bdi>
            </del>{' '}
            <ins>
              <bdi>{show(now)}</bdi>
            </ins>
          </dd>
        </div>
      ))}
    </dl>
  );
}

const FIELDS: readonly (readonly [label: string, show: (user: User) => string])[] = [
  [texts.users.type, ({ type }) => texts.type[type]],
  [texts.users.permissions, ({ permissions }) => permissions.join(', ') || texts.none],
  [texts.users.state, ({ enabled }) => (enabled === false ? texts.state.disabled : texts.state.enabled)],
  [texts.account.expires, ({ expires }) => (expires ? timeText(expires) : texts.never)],
  [texts.account.mustChange, ({ mustChangePassword }) => (mustChangePassword ? texts.yes : texts.no)],
  [texts.account.note, ({ note }) => note || texts.none],
  [
    texts.user.passwordChanged,
    ({ passwordChanged }) => (passwordChanged ? timeText(passwordChanged) : texts.user.unknown),
  ],
];
