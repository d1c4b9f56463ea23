import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ApiError } from '../api/client';
import { usePage } from '../context';
import { sentence, sentenceFor } from '../failures';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { Field } from '../parts/field';
import { fill } from '../parts/fill';
import { Name } from '../parts/name';
import { Notice } from '../parts/notice';
import { SecretDialog } from '../parts/secret-dialog';
import { Tick } from '../parts/tick';
import { useAction } from '../parts/use-action';
import { useDraft } from '../parts/use-draft';
import { PermissionPicker } from '../permissions/permission-picker';
import { usePermissions } from '../permissions/use-permissions';
import { texts } from '../texts';

interface NewKeyDialogProps {
  readonly name: string;
  readonly onClose: () => void;
  readonly onCreated: () => void;
}

/** Creates a key, and shows it once. */
export function NewKeyDialog({ name, onClose, onCreated }: NewKeyDialogProps): JSX.Element {
  const { api } = usePage();
  const draft = useDraft(`key of ${name}`, {
    name: '',
    expires: '90d',
    isRestricted: false,
    permissions: [] as readonly string[],
  });
  const { value } = draft;
  const [secret, setSecret] = useState<string>();
  const entries = usePermissions();
  const { keys: words } = texts;
  const { run, isBusy, error } = useAction(async () => {
    const { key } = await api.createKey(name, {
      name: value.name.trim(),
      ...(value.expires !== '' && { expires: value.expires }),
      ...(value.isRestricted && { permissions: value.permissions }),
    });
    draft.clear();
    onCreated();
    setSecret(key);
  });
  const submit = (event: Event) => {
    event.preventDefault();
    void run();
  };
  if (secret !== undefined) {
    return (
      <SecretDialog title={words.doneTitle} label={words.key} value={secret} onClose={onClose}>
        <p>{words.once}</p>
      </SecretDialog>
    );
  }
  return (
    <Dialog title={words.createTitle} onClose={onClose} size="large">
      <form onSubmit={submit}>
        <div class="fields two">
          <Field label={words.name} hint={words.nameHint}>
            {(attributes) => (
              <input
                {...attributes}
                dir="auto"
                required
                autofocus
                maxLength={64}
                autocomplete="off"
                value={value.name}
                onInput={(event) => draft.change({ name: event.currentTarget.value })}
              />
            )}
          </Field>
          <Field label={words.expires}>
            {(attributes) => (
              <select
                {...attributes}
                value={value.expires}
                onChange={(event) => draft.change({ expires: event.currentTarget.value })}
              >
                {Object.entries(words.ends).map(([each, text]) => (
                  <option key={each} value={each === 'never' ? '' : each}>
                    {text}
                  </option>
                ))}
              </select>
            )}
          </Field>
        </div>
        <fieldset class="group fields">
          <legend>{words.opens}</legend>
          <Tick group="restricted" isOn={!value.isRestricted} onChange={() => draft.change({ isRestricted: false })}>
            {fill(words.all, { name: <Name of={name} /> })}
          </Tick>
          <Tick group="restricted" isOn={value.isRestricted} onChange={() => draft.change({ isRestricted: true })}>
            {words.some}
          </Tick>
        </fieldset>
        {value.isRestricted && (
          <PermissionPicker
            legend={texts.users.permissions}
            entries={entries}
            chosen={value.permissions}
            onChange={(permissions) => draft.change({ permissions })}
          />
        )}
        {error !== undefined && (
          <Notice kind="wrong">
            {error instanceof ApiError && error.status === 409 ? sentence(error.message) : sentenceFor(error, { name })}
          </Notice>
        )}
        <footer class="dialog-foot">
          <Button onClick={onClose}>{texts.cancel}</Button>
          <Button kind="accent" submits isBusy={isBusy}>
            {words.submit}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
