import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Answer } from '../api/client';
import type { User } from '../api/types';
import { usePage } from '../context';
import { sentenceFor } from '../failures';
import { Button } from '../parts/button';
import { Confirm } from '../parts/confirm';
import { fill } from '../parts/fill';
import { Name } from '../parts/name';
import { goTo } from '../route';
import { texts } from '../texts';
import { ConflictList } from './conflict-list';
import { useVersion } from './use-version';

interface DangerCardProps {
  readonly loaded: Answer<User>;
  readonly onChanged: () => void;
}

type Deed = 'enable' | 'disable' | 'delete';

/** The acts that take the access of a user away. */
export function DangerCard({ loaded, onChanged }: DangerCardProps): JSX.Element {
  const [deed, setDeed] = useState<Deed>();
  const { danger: words } = texts;
  const isEnabled = loaded.body.enabled !== false;
  return (
    <section class="card danger-card">
      <h2 class="unseen">{words.title}</h2>
      <div class="card-head">
        <div>
          <h3>{isEnabled ? words.disable.button : words.enable.button}</h3>
          <p>{isEnabled ? words.disable.hint : words.enable.hint}</p>
        </div>
        <Button kind={isEnabled ? 'danger' : 'plain'} onClick={() => setDeed(isEnabled ? 'disable' : 'enable')}>
          {isEnabled ? words.disable.button : words.enable.button}
        </Button>
      </div>
      <div class="card-head last">
        <div>
          <h3>{words.delete.button}</h3>
          <p>{words.delete.hint}</p>
        </div>
        <Button kind="danger" onClick={() => setDeed('delete')}>
          {words.delete.button}
        </Button>
      </div>
      {deed && <Question deed={deed} loaded={loaded} onChanged={onChanged} onClose={() => setDeed(undefined)} />}
    </section>
  );
}

interface QuestionProps extends DangerCardProps {
  readonly deed: Deed;
  readonly onClose: () => void;
}

function Question({ deed, loaded, onChanged, onClose }: QuestionProps): JSX.Element {
  const { api, me, tell, refreshMe } = usePage();
  const { name } = loaded.body;
  const { conflict, attempt } = useVersion(loaded);
  const words = texts.danger[deed];
  const values = { name: <Name of={name} /> };
  const confirm = async () => {
    await attempt((etag) =>
      deed === 'delete' ? api.remove(name, etag) : api.change(name, { enabled: deed === 'enable' }, etag),
    );
    tell(fill(words.done, { name: <Name of={name} /> }));
    if (deed === 'delete') goTo({ view: 'users' }, 'replace');
    else onChanged();
    if (name === me.name) await refreshMe();
  };
  return (
    <Confirm
      title={fill(words.title, values)}
      deed={words.button}
      isDanger={deed !== 'enable'}
      sentenceFor={(error) => sentenceFor(error, { name, deed: deed === 'delete' ? 'delete' : 'change' })}
      onConfirm={confirm}
      onClose={onClose}
    >
      <p>{fill(words.question, values)}</p>
      {conflict && <ConflictList conflict={conflict} />}
    </Confirm>
  );
}
