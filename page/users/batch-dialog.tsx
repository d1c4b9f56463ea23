import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ApiError } from '../api/client';
import type { OperationResult } from '../api/types';
import { usePage } from '../context';
import { sentenceFor } from '../failures';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { fill } from '../parts/fill';
import { Names } from '../parts/name';
import { Notice } from '../parts/notice';
import { useAction } from '../parts/use-action';
import { PermissionPicker } from '../permissions/permission-picker';
import { usePermissions } from '../permissions/use-permissions';
import { texts } from '../texts';
import { type Deed, operationFor } from './batch-deeds';
import { usersText } from './count-text';
import type { Selection } from './use-selection';

interface BatchDialogProps {
  readonly deed: Deed;
  readonly selection: Selection;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** A user that the server refused to change. */
interface Refused {
  readonly name: string;
  readonly result: OperationResult;
}

/** Asks before something is done to many users, does it, and shows whom the server refused. */
export function BatchDialog({ deed, selection, onClose, onDone }: BatchDialogProps): JSX.Element {
  const { api, me, tell, refreshMe } = usePage();
  const [names] = useState(() => [...selection.names.keys()]);
  const [permissions, setPermissions] = useState<readonly string[]>([]);
  const [refused, setRefused] = useState<readonly Refused[]>();
  const words = texts.batch[deed];
  const users = usersText(names.length);
  const { run, isBusy, error } = useAction(async () => {
    const results = await api.batch(names.map((name) => operationFor(deed, name, permissions)));
    const outcomes = results.map((result, index) => ({ name: names[index] as string, result }));
    const failed = outcomes.filter(({ result }) => result.status >= 300);
    const done = outcomes.filter(({ result }) => result.status < 300);
    selection.set(
      done.flatMap(({ name }) => selection.names.get(name) ?? []),
      false,
    );
    onDone();
    if (names.includes(me.name)) await refreshMe();
    if (failed.length > 0) return setRefused(failed);
    tell(fill(words.done, { users }));
    onClose();
  });
  if (refused !== undefined) return <Outcome count={names.length} refused={refused} onClose={onClose} />;
  return (
    <Dialog title={fill(words.title, { users })} onClose={onClose} size={deed === 'permit' ? 'large' : 'small'}>
      <div class="dialog-body">
        <p>{words.question}</p>
        <Names of={names} />
        {names.includes(me.name) && <Notice kind="info">{texts.batch.yourself}</Notice>}
        {deed === 'permit' && <PermitFields chosen={permissions} onChange={setPermissions} />}
        {error !== undefined && <Notice kind="wrong">{sentenceFor(error)}</Notice>}
        <footer class="dialog-foot">
          <Button onClick={onClose}>{texts.cancel}</Button>
          <Button
            kind={deed === 'delete' || deed === 'disable' ? 'destroy' : 'accent'}
            isBusy={isBusy}
            onClick={() => void run()}
          >
            {fill(words.deed, { users })}
          </Button>
        </footer>
      </div>
    </Dialog>
  );
}

interface PermitFieldsProps {
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
}

function PermitFields({ chosen, onChange }: PermitFieldsProps): JSX.Element {
  return (
    <PermissionPicker legend={texts.users.permissions} entries={usePermissions()} chosen={chosen} onChange={onChange} />
  );
}

interface OutcomeProps {
  readonly count: number;
  readonly refused: readonly Refused[];
  readonly onClose: () => void;
}

function Outcome({ count, refused, onClose }: OutcomeProps): JSX.Element {
  const { batch: words } = texts;
  return (
    <Dialog title={words.partlyTitle} onClose={onClose}>
      <div class="dialog-body">
        <Notice kind="info">{fill(words.partly, { done: count - refused.length, users: usersText(count) })}</Notice>
        <ul class="outcomes">
          {refused.map(({ name, result: { status, message = '', code } }) => (
            <li key={name}>
              {sentenceFor(new ApiError(status, message, code === undefined ? {} : { code }), { name, deed: 'change' })}
            </li>
          ))}
        </ul>
        <footer class="dialog-foot">
          <Button kind="accent" onClick={onClose}>
            {texts.close}
          </Button>
        </footer>
      </div>
    </Dialog>
  );
}
