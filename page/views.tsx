import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { AccessView } from './access/access-view';
import { AccountView } from './account/account-view';
import { AuditView } from './audit/audit-view';
import { type PageContext, usePage } from './context';
import { PermissionsView } from './permissions/permissions-view';
import { type Place, usePlace, VIEWS, type View } from './route';
import { texts } from './texts';
import { UserView } from './user/user-view';
import { UsersView } from './users/users-view';

/** The views that lead somewhere for this person, in their order. */
export function viewsFor({ mayReadUsers, isAdmin }: PageContext): readonly Exclude<View, 'user'>[] {
  return [
    ...(mayReadUsers ? (['users', 'permissions'] as const) : []),
    'access',
    ...(isAdmin ? (['audit'] as const) : []),
    'account',
  ];
}

/** The view of a place. A person who may not see it gets another one. */
export function viewOf(place: Place, page: PageContext): View {
  const asked = VIEWS.find((view) => view === place['view']) ?? 'users';
  const views = viewsFor(page);
  if (asked === 'user') return views.includes('users') ? 'user' : 'account';
  return views.includes(asked) ? asked : views.includes('users') ? 'users' : 'account';
}

/** The view that the address names. Its heading gets the focus, so that it is read out. */
export function ViewOf(): JSX.Element {
  const page = usePage();
  const place = usePlace();
  const view = viewOf(place, page);
  const key = `${view} ${view === 'user' ? place['name'] : ''}`;
  const isFirst = useRef(true);
  useEffect(() => {
    if (!isFirst.current) document.querySelector<HTMLElement>('h1')?.focus();
    isFirst.current = false;
  }, [key]);
  useEffect(() => {
    const heading = view === 'user' ? place['name'] : texts.nav[view];
    document.title = `${heading} · ${texts.brand}`;
  }, [key]);
  switch (view) {
    case 'users':
      return <UsersView place={place} />;
    case 'user':
      return <UserView key={key} place={place} />;
    case 'permissions':
      return <PermissionsView />;
    case 'access':
      return <AccessView place={place} />;
    case 'audit':
      return <AuditView />;
    case 'account':
      return <AccountView />;
  }
}
