import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ApiError } from '../api/client';
import type { Key } from '../api/types';
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
import { NewKeyDialog } from './new-key-dialog';

/** The keys with which machines are let in as a user. */
export function KeysCard({ name }: { readonly name: string }): JSX.Element | null {
  const { api, tell } = usePage();
  const [isCreating, setCreating] = useState(false);
  const [revoked, setRevoked] = useState<Key>();
  const loaded = useLoad((signal) => api.keys(name, signal), [name]);
  const { error, reload } = loaded;
  const { keys: words } = texts;
  // The store keeps none.
  if (error instanceof ApiError && error.status === 501) return null;
  const revoke = async (key: Key) => {
    await api.revokeKey(name, key.id);
    tell(fill(words.revoked, { key: <Name of={key.name} /> }));
    reload();
  };
  return (
    <ListCard
      {...{ name, words, loaded }}
      action={<Button onClick={() => setCreating(true)}>{words.create}</Button>}
      table={(keys) => <KeyTable keys={keys} onRevoke={setRevoked} />}
    >
      {isCreating && <NewKeyDialog name={name} onClose={() => setCreating(false)} onCreated={reload} />}
      {revoked && (
        <Confirm
          title={fill(words.revokeTitle, { key: <Name of={revoked.name} /> })}
          deed={words.revoke}
          isDanger
          sentenceFor={(thrown) => sentenceFor(thrown)}
          onConfirm={() => revoke(revoked)}
          onClose={() => setRevoked(undefined)}
        >
          <p>{fill(words.revokeQuestion, { name: <Name of={name} />, key: <Name of={revoked.name} /> })}</p>
        </Confirm>
      )}
    </ListCard>
  );
}

interface KeyTableProps {
  readonly keys: readonly Key[];
  readonly onRevoke: (key: Key) => void;
}

function KeyTable({ keys, onRevoke }: KeyTableProps): JSX.Element {
  const { keys: words } = texts;
  return (
    <table class="table inner">
      <caption class="unseen">{words.title}</caption>
      <thead>
        <tr>
          <th scope="col">{texts.users.name}</th>
          <th scope="col">{texts.users.permissions}</th>
          <th scope="col">{words.expires}</th>
          <th scope="col">{words.lastUsed}</th>
          <th scope="col">
            <span class="unseen">{words.revoke}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {keys.map((key) => (
          <tr key={key.id}>
            <th scope="row">
              <Name of={key.name} />
            </th>
            <td data-label={texts.users.permissions}>
              {key.permissions === undefined ? words.everything : key.permissions.join(', ') || texts.none}
            </td>
            <td data-label={words.expires}>{key.expires ? <Time at={key.expires} /> : texts.never}</td>
            <td data-label={words.lastUsed}>{key.lastUsed ? <Time at={key.lastUsed} isRelative /> : texts.never}</td>
            <td class="act">
              <button type="button" class="button danger small" onClick={() => onRevoke(key)}>
                {words.revoke}
                <span class="unseen">{fill(words.revokeOne, { key: <Name of={key.name} /> })}</span>
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
