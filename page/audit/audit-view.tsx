import type { JSX } from 'preact';
import { ApiError } from '../api/client';
import type { AuditEvent } from '../api/types';
import { usePage } from '../context';
import { sentenceFor } from '../failures';
import { Button } from '../parts/button';
import { Empty } from '../parts/empty';
import { Failure } from '../parts/failure';
import { Name } from '../parts/name';
import { Skeleton } from '../parts/skeleton';
import { Time } from '../parts/time';
import { useLoad } from '../parts/use-load';
import { texts } from '../texts';

/** The last events of the audit log. */
export function AuditView(): JSX.Element {
  const { api } = usePage();
  const { value: events, error, isLoading, reload } = useLoad((signal) => api.audit(signal), []);
  const { audit: words } = texts;
  const isKept = !(error instanceof ApiError && error.status === 404);
  return (
    <>
      <header class="view-head">
        <h1 tabIndex={-1}>{words.title}</h1>
        <p class="total" />
        {isKept && (
          <Button isBusy={isLoading} onClick={reload}>
            {words.reload}
          </Button>
        )}
      </header>
      {isKept && <p class="lead">{words.lead}</p>}
      {isKept && error !== undefined && <Failure onRetry={reload}>{sentenceFor(error)}</Failure>}
      {!isKept && (
        <div class="card">
          <Empty title={words.off}>
            {words.offHint} <code>{words.offExample}</code>
          </Empty>
        </div>
      )}
      {events === undefined && error === undefined && <Skeleton />}
      {events?.length === 0 && <Empty title={words.none}>{words.noneHint}</Empty>}
      {events && events.length > 0 && isKept && <AuditTable events={events} />}
    </>
  );
}

function AuditTable({ events }: { readonly events: readonly AuditEvent[] }): JSX.Element {
  const { audit: words } = texts;
  return (
    <section class="card flush">
      <table class="table">
        <caption class="unseen">{words.caption}</caption>
        <thead>
          <tr>
            <th scope="col">{words.time}</th>
            <th scope="col">{words.event}</th>
            <th scope="col">{words.user}</th>
            <th scope="col">{words.by}</th>
            <th scope="col">{words.details}</th>
          </tr>
        </thead>
        <tbody>
          {events.map((event, index) => (
            <tr key={index}>
              <th scope="row" class="when">
                <Time at={event.time} />
              </th>
              <td data-label={words.event}>
                <span class={BAD.test(event.event) ? 'badge off' : 'badge'}>{event.event}</span>
              </td>
              <td data-label={words.user}>
                <Name of={nameIn(event.user)} />
              </td>
              <td data-label={words.by}>
                <Name of={[event.by, event.from].filter(Boolean).join(' · ')} />
              </td>
              <td data-label={words.details}>
                <bdi class="note">{detailsOf(event)}</bdi>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const BAD = /failed|denied|unavailable/;

function nameIn(user: AuditEvent['user']): string {
  return typeof user === 'string' ? user : String(Object(user).name ?? '');
}

/** Request and reason, and what else the event says. */
function detailsOf({ time, event, user, by, from, requestId, method, path, reason, ...others }: AuditEvent): string {
  const request = [method, path].filter(Boolean).join(' ');
  const rest = Object.entries(others).map(
    ([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return [reason, ...rest, request].filter(Boolean).join(' · ');
}
