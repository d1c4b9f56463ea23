import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { ApiError } from '../api/client';
import type { OperationResult } from '../api/types';
import { sentenceFor } from '../failures';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { fill } from '../parts/fill';
import { Link } from '../parts/link';
import { Name } from '../parts/name';
import { Notice } from '../parts/notice';
import { CopyButton, Secret } from '../parts/secret';
import { texts } from '../texts';
import { usersText } from './count-text';

/** The outcome for a user that was to be created. */
export interface Creation {
  readonly name: string;
  /** The generated password. Undefined: somebody has typed one. */
  readonly secret: string | undefined;
  readonly result: OperationResult;
}

interface NewUserResultsProps {
  readonly created: readonly Creation[];
  readonly onClose: () => void;
}

/** Shows generated passwords, once, and whom the server refused. */
export function NewUserResults({ created, onClose }: NewUserResultsProps): JSX.Element {
  const { newUser: words } = texts;
  const done = created.filter(({ result }) => result.status < 300);
  const failed = created.filter(({ result }) => result.status >= 300);
  const [first] = done;
  return (
    <Dialog title={words.doneTitle} onClose={onClose} size={created.length > 1 ? 'large' : 'small'}>
      <div class="dialog-body">
        <Notice kind={failed.length === 0 ? 'right' : 'info'}>
          {created.length === 1 && first
            ? fill(words.doneOne, { name: <Name of={first.name} /> })
            : fill(words.doneMany, { done: done.length, users: usersText(created.length) })}
        </Notice>
        {first?.secret !== undefined && <p>{words.once}</p>}
        {created.length === 1 && first?.secret !== undefined && <Secret label={words.password} value={first.secret} />}
        {created.length > 1 && done.length > 0 && <Passwords created={done} />}
        {failed.length > 0 && <Failures failed={failed} />}
        <footer class="dialog-foot">
          {created.length === 1 && first && (
            <Link to={{ view: 'user', name: first.name }} class="foot-link">
              {fill(words.open, { name: <Name of={first.name} /> })}
            </Link>
          )}
          <Button kind="accent" onClick={onClose}>
            {words.close}
          </Button>
        </footer>
      </div>
    </Dialog>
  );
}

/** The names and passwords of several users, as a text that can be copied: one line for each, with a tab between. */
function Passwords({ created }: { readonly created: readonly Creation[] }): JSX.Element {
  const area = useRef<HTMLTextAreaElement>(null);
  const text = created.map(({ name, secret }) => `${name}\t${secret}`).join('\n');
  const { newUser: words } = texts;
  return (
    <>
      <textarea
        ref={area}
        class="secrets"
        aria-label={words.passwords}
        readOnly
        rows={Math.min(12, created.length)}
        value={text}
      />
      <div>
        <CopyButton text={text} onRefused={() => area.current?.select()} />
      </div>
    </>
  );
}

function Failures({ failed }: { readonly failed: readonly Creation[] }): JSX.Element {
  return (
    <ul class="outcomes">
      {failed.map(({ name, result: { status, message = '', code } }) => (
        <li key={name}>
          {sentenceFor(new ApiError(status, message, code === undefined ? {} : { code }), { name, deed: 'create' })}
        </li>
      ))}
    </ul>
  );
}
