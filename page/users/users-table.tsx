import type { JSX } from 'preact';
import type { User } from '../api/types';
import { fill } from '../parts/fill';
import { Link } from '../parts/link';
import { Name } from '../parts/name';
import { Time } from '../parts/time';
import { texts } from '../texts';
import type { Selection } from './use-selection';
import { UserState } from './user-state';

interface UsersTableProps {
  readonly users: readonly User[];
  readonly isLoading: boolean;
  /** Undefined: nothing can be done to the users. */
  readonly selection: Selection | undefined;
}

/** A page of users. On a narrow screen, each row becomes a card. */
export function UsersTable({ users, isLoading, selection }: UsersTableProps): JSX.Element {
  const { users: words } = texts;
  return (
    <table class="table users" aria-busy={isLoading}>
      <caption class="unseen">{words.caption}</caption>
      <thead>
        <tr>
          {selection && (
            <th scope="col" class="check">
              <SelectAll users={users} selection={selection} />
            </th>
          )}
          <th scope="col">{words.name}</th>
          <th scope="col">{words.type}</th>
          <th scope="col">{words.permissions}</th>
          <th scope="col">{words.state}</th>
          <th scope="col">{words.lastLogin}</th>
        </tr>
      </thead>
      <tbody>
        {users.map((user) => (
          <UserRow key={user.name} user={user} selection={selection} />
        ))}
      </tbody>
    </table>
  );
}

function SelectAll({
  users,
  selection,
}: {
  readonly users: readonly User[];
  readonly selection: Selection;
}): JSX.Element {
  const count = users.filter(({ name }) => selection.names.has(name)).length;
  return (
    <input
      type="checkbox"
      aria-label={texts.users.selectAll}
      checked={users.length > 0 && count === users.length}
      indeterminate={count > 0 && count < users.length}
      onChange={(event) => selection.set(users, event.currentTarget.checked)}
    />
  );
}

interface UserRowProps {
  readonly user: User;
  readonly selection: Selection | undefined;
}

function UserRow({ user, selection }: UserRowProps): JSX.Element {
  const { users: words } = texts;
  const isSelected = selection?.names.has(user.name) === true;
  return (
    <tr class={isSelected ? 'selected' : undefined}>
      {selection && (
        <td class="check">
          <label>
            <span class="unseen">{fill(words.select, { name: <Name of={user.name} /> })}</span>
            <input
              type="checkbox"
              checked={isSelected}
              onChange={(event) => selection.set([user], event.currentTarget.checked)}
            />
          </label>
        </td>
      )}
      <th scope="row">
        <Link to={{ view: 'user', name: user.name }}>
          <Name of={user.name} />
        </Link>
        {user.note && <bdi class="note">{user.note}</bdi>}
      </th>
      <td data-label={words.type}>{texts.type[user.type]}</td>
      <td data-label={words.permissions}>
        <PermissionList user={user} />
      </td>
      <td data-label={words.state}>
        <UserState user={user} />
      </td>
      <td data-label={words.lastLogin}>
        {user.lastLogin ? <Time at={user.lastLogin} isRelative /> : <span class="quiet">{texts.never}</span>}
      </td>
    </tr>
  );
}

function PermissionList({ user }: { readonly user: User }): JSX.Element {
  if (user.type === 'admin') return <span class="quiet">{texts.users.everything}</span>;
  if (user.permissions.length === 0) return <span class="quiet">{texts.none}</span>;
  return (
    <span class="badges">
      {user.permissions.map((permission) => (
        <code key={permission} class="badge">
          {permission}
        </code>
      ))}
    </span>
  );
}
