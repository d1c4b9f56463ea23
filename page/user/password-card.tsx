import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Answer } from '../api/client';
import type { User } from '../api/types';
import { usePage } from '../context';
import { sentenceFor } from '../failures';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { fill } from '../parts/fill';
import { generatePassword } from '../parts/generated-password';
import { Name } from '../parts/name';
import { Notice } from '../parts/notice';
import { PasswordField } from '../parts/password-field';
import { SecretDialog } from '../parts/secret-dialog';
import { Tick } from '../parts/tick';
import { useAction } from '../parts/use-action';
import { texts } from '../texts';
import { ConflictList } from './conflict-list';
import { useVersion } from './use-version';

interface PasswordCardProps {
  readonly loaded: Answer<User>;
  readonly onSaved: () => void;
}

/** Gives somebody else a new password. */
export function PasswordCard({ loaded, onSaved }: PasswordCardProps): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const { password: words } = texts;
  return (
    <section class="card">
      <div class="card-head last">
        <div>
          <h2>{words.title}</h2>
          <p>{words.hint}</p>
        </div>
        <Button onClick={() => setOpen(true)}>{words.set}</Button>
      </div>
      {isOpen && <PasswordDialog loaded={loaded} onSaved={onSaved} onClose={() => setOpen(false)} />}
    </section>
  );
}

interface PasswordDialogProps extends PasswordCardProps {
  readonly onClose: () => void;
}

function PasswordDialog({ loaded, onSaved, onClose }: PasswordDialogProps): JSX.Element {
  const { api, tell } = usePage();
  const { name } = loaded.body;
  const [typed, setTyped] = useState<string>();
  const [mustChange, setMustChange] = useState(true);
  const [secret, setSecret] = useState<string>();
  const { conflict, attempt } = useVersion(loaded);
  const { password: words } = texts;
  const { run, isBusy, error } = useAction(async () => {
    const password = typed ?? generatePassword();
    await attempt((etag) => api.change(name, { password, mustChangePassword: mustChange }, etag));
    onSaved();
    if (typed === undefined) return setSecret(password);
    tell(fill(words.done, { name: <Name of={name} /> }));
    onClose();
  });
  const submit = (event: Event) => {
    event.preventDefault();
    void run();
  };
  if (secret !== undefined) {
    return (
      <SecretDialog title={texts.password.set} label={texts.newUser.password} value={secret} onClose={onClose}>
        <Notice kind="right">{fill(words.done, { name: <Name of={name} /> })}</Notice>
        <p>{texts.newUser.once}</p>
      </SecretDialog>
    );
  }
  return (
    <Dialog title={fill(words.dialogTitle, { name: <Name of={name} /> })} onClose={onClose}>
      <form onSubmit={submit}>
        <p>{words.question}</p>
        <fieldset class="group fields">
          <legend>{texts.newUser.password}</legend>
          <Tick
            group="new-password"
            isOn={typed === undefined}
            onChange={() => setTyped(undefined)}
            hint={texts.newUser.generateHint}
          >
            {texts.newUser.generate}
          </Tick>
          <Tick group="new-password" isOn={typed !== undefined} onChange={() => setTyped('')}>
            {texts.newUser.type}
          </Tick>
          {typed !== undefined && (
            <PasswordField label={texts.newUser.newPassword} value={typed} onChange={setTyped} isNew />
          )}
        </fieldset>
        <Tick isOn={mustChange} onChange={setMustChange} hint={texts.account.mustChangeHint}>
          {texts.account.mustChange}
        </Tick>
        {error !== undefined && <Notice kind="wrong">{sentenceFor(error, { name, deed: 'change' })}</Notice>}
        {conflict && <ConflictList conflict={conflict} />}
        <footer class="dialog-foot">
          <Button onClick={onClose}>{texts.cancel}</Button>
          <Button kind="accent" submits isBusy={isBusy}>
            {words.set}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
