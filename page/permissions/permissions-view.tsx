import type { JSX } from 'preact';
import { usePage } from '../context';
import { sentenceFor } from '../failures';
import { Empty } from '../parts/empty';
import { Failure } from '../parts/failure';
import { Link } from '../parts/link';
import { Skeleton } from '../parts/skeleton';
import { useLoad } from '../parts/use-load';
import { texts } from '../texts';
import { Opens } from './opens';
import { KAPACITOR, type PermissionEntry } from './use-permissions';

/** The permissions that users can have, and what each opens. */
export function PermissionsView(): JSX.Element {
  const { api } = usePage();
  const { value, error, reload } = useLoad((signal) => api.permissions(signal), []);
  const { permissions: words } = texts;
  const own = Object.entries(value ?? {}).map(([name, opens]) => ({ name, opens }));
  return (
    <>
      <header class="view-head">
        <h1 tabIndex={-1}>{words.title}</h1>
      </header>
      <p class="lead">{words.lead}</p>
      {error !== undefined && <Failure onRetry={reload}>{sentenceFor(error)}</Failure>}
      {value === undefined && error === undefined && <Skeleton rows={3} />}
      {own.length > 0 && <PermissionTable caption={words.own} entries={own} />}
      {value !== undefined && own.length === 0 && (
        <div class="card">
          <Empty title={words.noOwn}>
            {words.noOwnHint} <code>{words.noOwnExample}</code>
          </Empty>
        </div>
      )}
      <PermissionTable caption={words.kapacitor} entries={KAPACITOR} />
    </>
  );
}

interface PermissionTableProps {
  readonly caption: string;
  readonly entries: readonly PermissionEntry[];
}

function PermissionTable({ caption, entries }: PermissionTableProps): JSX.Element {
  const { permissions: words } = texts;
  return (
    <section class="card flush">
      <table class="table">
        <caption>{caption}</caption>
        <thead>
          <tr>
            <th scope="col">{texts.users.permission}</th>
            <th scope="col">{words.opens}</th>
            <th scope="col">
              <span class="unseen">{words.holders}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {entries.map(({ name, opens }) => (
            <tr key={name}>
              <th scope="row">
                <code>{name}</code>
              </th>
              <td>
                <Opens what={opens} />
              </td>
              <td class="act">
                <Link to={{ view: 'users', permission: name }}>{words.who}</Link>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
