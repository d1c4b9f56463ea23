import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ApiError } from '../api/client';
import { usePage } from '../context';
import { sentenceFor } from '../failures';
import { Button } from '../parts/button';
import { Notice } from '../parts/notice';
import { PasswordField } from '../parts/password-field';
import { useAction } from '../parts/use-action';
import { texts } from '../texts';

/** Changes the password of the person at this page. */
export function OwnPasswordCard({ onSaved }: { readonly onSaved?: () => void }): JSX.Element {
  const { api, me, tell, refreshMe } = usePage();
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  const { ownPassword: words } = texts;
  const { run, isBusy, error } = useAction(async () => {
    await api.change(me.name, { password, currentPassword: current });
    setCurrent('');
    setPassword('');
    // The change has ended every session, this one as well.
    await api.signIn(me.name, password);
    tell(words.done);
    await refreshMe();
    onSaved?.();
  });
  const isWrong = error instanceof ApiError && error.status === 403 && error.message.includes('current password');
  const submit = (event: Event) => {
    event.preventDefault();
    void run();
  };
  return (
    <section class="card">
      <div class="card-head">
        <div>
          <h2>{words.title}</h2>
          <p>{words.hint}</p>
        </div>
      </div>
      <form class="fields" onSubmit={submit}>
        <input type="text" autocomplete="username" value={me.name} readOnly hidden />
        <div class="fields two">
          <PasswordField label={words.current} value={current} onChange={setCurrent} />
          <PasswordField label={words.next} value={password} onChange={setPassword} isNew />
        </div>
        {error !== undefined && (
          <Notice kind="wrong">{isWrong ? words.wrong : sentenceFor(error, { name: me.name, deed: 'change' })}</Notice>
        )}
        <div>
          <Button kind="accent" submits isBusy={isBusy}>
            {words.submit}
          </Button>
        </div>
      </form>
    </section>
  );
}
