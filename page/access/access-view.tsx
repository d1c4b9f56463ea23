import type { JSX } from 'preact';
import type { Explanation } from '../api/types';
import { usePage } from '../context';
import { sentenceFor } from '../failures';
import { Empty } from '../parts/empty';
import { Failure } from '../parts/failure';
import { fill } from '../parts/fill';
import { Link } from '../parts/link';
import { Name } from '../parts/name';
import { useLoad } from '../parts/use-load';
import { goTo, type Place } from '../route';
import { texts } from '../texts';
import { AccessForm, type Asked } from './access-form';

/** Whether a user may make a request, and why. The question is in the address. */
export function AccessView({ place }: { readonly place: Place }): JSX.Element {
  const { api, me, isAdmin } = usePage();
  const { method, path } = place;
  const name = isAdmin ? place['name'] : me.name;
  const { value, error, reload } = useLoad(
    async (signal) => (name && method && path ? await api.access(name, method, path, signal) : undefined),
    [name, method, path],
  );
  const { access: words } = texts;
  const ask = (asked: Asked) => {
    if (asked.name === name && asked.method === method && asked.path === path) reload();
    else goTo({ view: 'access', ...asked });
  };
  return (
    <>
      <header class="view-head">
        <h1 tabIndex={-1}>{isAdmin ? words.title : words.ownTitle}</h1>
      </header>
      <p class="lead">{words.lead}</p>
      <section class="card">
        <AccessForm key={`${name} ${method} ${path}`} asked={{ name, method, path }} hasName={isAdmin} onAsk={ask} />
      </section>
      <div class="results" role="status">
        {error !== undefined && <Failure onRetry={reload}>{sentenceFor(error, { name: name ?? '' })}</Failure>}
        {value && error === undefined && (
          <Answer name={name as string} method={method as string} path={path as string} explanation={value} />
        )}
      </div>
      {!path && <Empty title={words.nothing}>{words.nothingHint}</Empty>}
    </>
  );
}

interface AnswerProps extends Required<Readonly<Record<'name' | 'method' | 'path', string>>> {
  readonly explanation: Explanation;
}

function Answer({ name, method, path, explanation }: AnswerProps): JSX.Element {
  const { isAdmin } = usePage();
  const { access: words } = texts;
  const { allowed, privilege, reason } = explanation;
  const values = {
    name: <Name of={name} />,
    request: (
      <bdi>
        <code>{`${method} ${path}`}</code>
      </bdi>
    ),
  };
  return (
    <section class={allowed ? 'card answer yes' : 'card answer no'}>
      <h2>{fill(allowed ? words.yes : words.no, values)}</h2>
      <p>
        <bdi>{reason}.</bdi>
      </p>
      <p class="quiet">
        {fill(words.needs, { privilege: <code>{privilege}</code>, method })}
        {isAdmin && (
          <>
            {' '}
            <Link to={{ view: 'user', name }}>{fill(words.change, values)}</Link>
          </>
        )}
      </p>
    </section>
  );
}
