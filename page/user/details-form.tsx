import type { JSX } from 'preact';
import { type Answer, ApiError } from '../api/client';
import type { User } from '../api/types';
import { usePage } from '../context';
import { sentenceFor } from '../failures';
import { Button } from '../parts/button';
import { fill } from '../parts/fill';
import { Name } from '../parts/name';
import { Notice } from '../parts/notice';
import { useAction } from '../parts/use-action';
import { useDraft } from '../parts/use-draft';
import { texts } from '../texts';
import { AccountFields, type AccountValues } from './account-fields';
import { ConflictList } from './conflict-list';
import { useVersion } from './use-version';

interface DetailsFormProps {
  readonly loaded: Answer<User>;
  /** Loads the user again. Until it is there, the form shows what was typed. */
  readonly onSaved: () => Promise<void>;
}

/** Changes a user. Only the fields that somebody has changed are sent, so changes of others to other fields stay. */
export function DetailsForm({ loaded, onSaved }: DetailsFormProps): JSX.Element {
  const { api, me, tell, refreshMe } = usePage();
  const { name } = loaded.body;
  const draft = useDraft<Partial<AccountValues>>(`user ${name}`, {});
  const { conflict, attempt, forget } = useVersion(loaded);
  const current = valuesOf(conflict?.now ?? loaded.body);
  const changes = differing(current, draft.value);
  const isChanged = Object.keys(changes).length > 0;
  const {
    run,
    isBusy,
    error,
    forget: forgetError,
  } = useAction(async () => {
    const { note, ...others } = changes;
    const body = { ...others, ...(note !== undefined && { note: note || null }) };
    await attempt((etag) => api.change(name, body, etag));
    await onSaved();
    draft.clear();
    tell(fill(texts.saved, { name: <Name of={name} /> }));
    if (name === me.name) await refreshMe();
  });
  const drop = () => {
    draft.clear();
    forget();
    forgetError();
    void onSaved();
  };
  const isConflict = error instanceof ApiError && error.status === 412;
  const submit = (event: Event) => {
    event.preventDefault();
    void run();
  };
  return (
    <section class="card">
      <div class="card-head">
        <div>
          <h2>{texts.user.details}</h2>
        </div>
      </div>
      <form class="fields" onSubmit={submit}>
        <AccountFields value={{ ...current, ...draft.value }} onChange={draft.change} />
        {error !== undefined && (
          <Notice kind="wrong">
            <p>{sentenceFor(error, { name, deed: 'change' })}</p>
          </Notice>
        )}
        {conflict && <ConflictList conflict={conflict} />}
        <div class="actions">
          <Button kind="accent" submits isBusy={isBusy} isIdle={!isChanged}>
            {isConflict ? texts.conflict.mine : texts.save}
          </Button>
          {(isChanged || conflict) && (
            <Button onClick={drop}>{conflict ? texts.conflict.theirs : texts.discard}</Button>
          )}
        </div>
      </form>
    </section>
  );
}

function valuesOf({ type, permissions, expires, mustChangePassword, note }: User): AccountValues {
  return {
    type,
    permissions,
    expires: expires ?? null,
    mustChangePassword: mustChangePassword === true,
    note: note ?? '',
  };
}

function differing(current: AccountValues, typed: Partial<AccountValues>): Partial<AccountValues> {
  const after = { ...current, ...typed };
  const entries = Object.entries(after).filter(([field, value]) => {
    const before = current[field as keyof AccountValues];
    return Array.isArray(value) ? !sameNames(value, before as readonly string[]) : value !== before;
  });
  // An admin has no permissions of its own.
  return Object.fromEntries(entries.filter(([field]) => field !== 'permissions' || after.type === 'normal'));
}

function sameNames(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((name) => others.includes(name));
}
