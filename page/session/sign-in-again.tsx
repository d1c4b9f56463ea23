import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ApiError } from '../api/client';
import { usePage } from '../context';
import { sentenceFor } from '../failures';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { Field } from '../parts/field';
import { Notice } from '../parts/notice';
import { useAction } from '../parts/use-action';
import { texts } from '../texts';

/** Asks for the password of somebody whose session has ended. What was typed stays where it is. */
export function SignInAgain({ onDone }: { readonly onDone: (isSignedIn: boolean) => void }): JSX.Element {
  const { api, me } = usePage();
  const [password, setPassword] = useState('');
  const { run, isBusy, error } = useAction(async () => {
    await api.signIn(me.name, password);
    onDone(true);
  });
  const isWrong = error instanceof ApiError && error.status === 401;
  const submit = (event: Event) => {
    event.preventDefault();
    void run();
  };
  return (
    <Dialog title={texts.signIn.title} onClose={() => onDone(false)}>
      <form onSubmit={submit}>
        <p>{texts.signIn.hint}</p>
        {error !== undefined && <Notice kind="wrong">{isWrong ? texts.signIn.wrong : sentenceFor(error)}</Notice>}
        <Field label={texts.signIn.name}>
          {(attributes) => <input {...attributes} dir="auto" value={me.name} autocomplete="username" readOnly />}
        </Field>
        <Field label={texts.signIn.password}>
          {(attributes) => (
            <input
              {...attributes}
              type="password"
              autocomplete="current-password"
              required
              autofocus
              value={password}
              onInput={(event) => setPassword(event.currentTarget.value)}
            />
          )}
        </Field>
        <footer class="dialog-foot">
          <a class="foot-link" href={api.signInPage()}>
            {texts.signIn.other}
          </a>
          <Button kind="accent" submits isBusy={isBusy}>
            {texts.signIn.submit}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
