import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ApiError } from '../api/client';
import type { Session } from '../api/types';
import { usePage } from '../context';
import { sentenceFor } from '../failures';
import { Button } from '../parts/button';
import { Confirm } from '../parts/confirm';
import { fill } from '../parts/fill';
import { ListCard } from '../parts/list-card';
import { Name } from '../parts/name';
import { Time } from '../parts/time';
import { useLoad } from '../parts/use-load';
import { texts } from '../texts';

/** The browsers in which a user is signed in. */
export function SessionsCard({ name }: { readonly name: string }): JSX.Element | null {
  const { api, me, tell } = usePage();
  const [ended, setEnded] = useState<Session | 'all'>();
  const loaded = useLoad((signal) => api.sessions(name, signal), [name]);
  const { value: sessions, error, reload } = loaded;
  const { sessions: words } = texts;
  // There are no sessions.
  if (error instanceof ApiError && error.status === 501) return null;
  const end = async (session: Session | 'all') => {
    await api.endSession(name, session === 'all' ? undefined : session.id);
    tell(words.done);
    reload();
  };
  return (
    <ListCard
      {...{ name, words, loaded }}
      action={sessions && sessions.length > 0 && <Button onClick={() => setEnded('all')}>{words.endAll}</Button>}
      table={(shown) => <SessionTable sessions={shown} onEnd={setEnded} />}
    >
      {ended && (
        <Confirm
          title={ended === 'all' ? words.endAllTitle : words.endTitle}
          deed={ended === 'all' ? words.endAll : words.end}
          isDanger
          sentenceFor={(thrown) => sentenceFor(thrown)}
          onConfirm={() => end(ended)}
          onClose={() => setEnded(undefined)}
        >
          <p>{fill(name === me.name ? words.yours : words.question, { name: <Name of={name} /> })}</p>
        </Confirm>
      )}
    </ListCard>
  );
}

interface SessionTableProps {
  readonly sessions: readonly Session[];
  readonly onEnd: (session: Session) => void;
}

function SessionTable({ sessions, onEnd }: SessionTableProps): JSX.Element {
  const { sessions: words } = texts;
  return (
    <table class="table inner">
      <caption class="unseen">{words.title}</caption>
      <thead>
        <tr>
          <th scope="col">{words.created}</th>
          <th scope="col">{words.lastUsed}</th>
          <th scope="col">{words.expires}</th>
          <th scope="col">
            <span class="unseen">{words.end}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {sessions.map((session) => (
          <tr key={session.id}>
            <th scope="row">
              <Time at={session.created} />
            </th>
            <td data-label={words.lastUsed}>
              <Time at={session.lastUsed ?? session.created} isRelative />
            </td>
            <td data-label={words.expires}>
              <Time at={session.expires} />
            </td>
            <td class="act">
              <button type="button" class="button danger small" onClick={() => onEnd(session)}>
                {words.end}
                <span class="unseen">{fill(words.endOne, { time: <Time at={session.created} /> })}</span>
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
