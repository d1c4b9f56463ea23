import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { PAGE_SIZE, type UserQuery } from '../api/api';
import { usePage } from '../context';
import { sentenceFor } from '../failures';
import { Button } from '../parts/button';
import { Empty } from '../parts/empty';
import { Failure } from '../parts/failure';
import { Skeleton } from '../parts/skeleton';
import { useLoad } from '../parts/use-load';
import { usePermissions } from '../permissions/use-permissions';
import { goTo, type Place } from '../route';
import { texts } from '../texts';
import { usersText } from './count-text';
import { NewUserDialog } from './new-user-dialog';
import { Pager } from './pager';
import { SelectionBar } from './selection-bar';
import { useSelection } from './use-selection';
import { UserFilters } from './user-filters';
import { UsersTable } from './users-table';

/** The list of users. What it is narrowed down by is in the address. */
export function UsersView({ place }: { readonly place: Place }): JSX.Element {
  const { api, isAdmin } = usePage();
  const [isCreating, setCreating] = useState(false);
  const selection = useSelection();
  const permissions = usePermissions();
  const { q, type, enabled, permission, after } = place;
  const { value, error, isLoading, reload } = useLoad(
    (signal) => api.users({ q, type, enabled, permission, after }, signal),
    [q, type, enabled, permission, after],
  );
  const filter = (changes: UserQuery) => goTo({ ...place, view: 'users', ...changes, after: '' }, 'replace');
  const users = value?.users.slice(0, PAGE_SIZE);
  const isNarrowed = Boolean(q || type || enabled || permission);
  return (
    <>
      <header class="view-head">
        <h1 tabIndex={-1}>{texts.users.title}</h1>
        <p class="quiet total" role="status">
          {value?.total !== undefined && usersText(value.total)}
        </p>
        {isAdmin && (
          <Button kind="accent" onClick={() => setCreating(true)}>
            {texts.users.create}
          </Button>
        )}
      </header>
      <UserFilters
        query={{ q, type, enabled, permission }}
        permissions={permissions.map(({ name }) => name)}
        onChange={filter}
      />
      {error !== undefined && <Failure onRetry={reload}>{sentenceFor(error)}</Failure>}
      {users === undefined && error === undefined && <Skeleton />}
      {users !== undefined && users.length > 0 && (
        <div class={isLoading ? 'card flush loading' : 'card flush'}>
          <UsersTable users={users} isLoading={isLoading} selection={isAdmin ? selection : undefined} />
        </div>
      )}
      {users?.length === 0 && (
        <Empty title={isNarrowed ? texts.users.noMatch : texts.users.nobody}>
          {isNarrowed ? texts.users.noMatchHint : texts.users.nobodyHint}
        </Empty>
      )}
      {users?.length === 1 && !isNarrowed && !after && isAdmin && (
        <Empty title={texts.users.onlyOne}>{texts.users.onlyOneHint}</Empty>
      )}
      {users && (
        <Pager
          place={place}
          count={users.length}
          total={value?.total}
          last={(value?.users.length ?? 0) > PAGE_SIZE ? users.at(-1)?.name : undefined}
        />
      )}
      {isAdmin && <SelectionBar selection={selection} onDone={reload} />}
      {isCreating && <NewUserDialog onClose={() => setCreating(false)} onCreated={reload} />}
    </>
  );
}
