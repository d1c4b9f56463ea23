import type { JSX } from 'preact';
import { ApiError } from '../api/client';
import { usePage } from '../context';
import { sentenceFor } from '../failures';
import { Failure } from '../parts/failure';
import { Link } from '../parts/link';
import { Name } from '../parts/name';
import { Skeleton } from '../parts/skeleton';
import { useLoad } from '../parts/use-load';
import type { Place } from '../route';
import { texts } from '../texts';
import { UserState } from '../users/user-state';
import { AccessCard } from './access-card';
import { DangerCard } from './danger-card';
import { DetailsForm } from './details-form';
import { KeysCard } from './keys-card';
import { OwnPasswordCard } from './own-password-card';
import { PasswordCard } from './password-card';
import { SessionsCard } from './sessions-card';
import { UserFacts } from './user-facts';

/** Everything about one user. */
export function UserView({ place }: { readonly place: Place }): JSX.Element {
  const { api, me, isAdmin } = usePage();
  const name = place['name'] ?? '';
  const { value, error, reload } = useLoad((signal) => api.user(name, signal), [name]);
  const isOwn = name === me.name;
  const isGone = error instanceof ApiError && error.status === 404;
  return (
    <>
      <Link to={{ view: 'users' }} class="back">
        {texts.user.back}
      </Link>
      <header class="view-head">
        <h1 tabIndex={-1}>
          <Name of={name} />
        </h1>
        {value && <UserState user={value.body} />}
      </header>
      {error !== undefined && <Failure onRetry={reload}>{sentenceFor(error, { name })}</Failure>}
      {value === undefined && error === undefined && <Skeleton />}
      {value && !isGone && (
        <>
          <UserFacts user={value.body} />
          {isAdmin && <DetailsForm key={name} loaded={value} onSaved={reload} />}
          {isAdmin && !isOwn && <PasswordCard loaded={value} onSaved={reload} />}
          {isOwn && <OwnPasswordCard onSaved={reload} />}
          {(isAdmin || isOwn) && <KeysCard name={name} />}
          {(isAdmin || isOwn) && <SessionsCard name={name} />}
          {isAdmin && <AccessCard name={name} />}
          {isAdmin && <DangerCard loaded={value} onChanged={reload} />}
        </>
      )}
    </>
  );
}
