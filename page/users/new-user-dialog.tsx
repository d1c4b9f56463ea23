import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { NewUser } from '../api/types';
import { usePage } from '../context';
import { sentenceFor } from '../failures';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { Field } from '../parts/field';
import { fill } from '../parts/fill';
import { generatePassword } from '../parts/generated-password';
import { Notice } from '../parts/notice';
import { PasswordField } from '../parts/password-field';
import { Tick } from '../parts/tick';
import { useAction } from '../parts/use-action';
import { useDraft } from '../parts/use-draft';
import { texts } from '../texts';
import { AccountFields, type AccountValues } from '../user/account-fields';
import { usersText } from './count-text';
import { type Creation, NewUserResults } from './new-user-results';

interface Typed extends AccountValues {
  readonly names: string;
  readonly isMany: boolean;
  readonly isGenerated: boolean;
}

const NOTHING: Typed = {
  names: '',
  isMany: false,
  isGenerated: true,
  type: 'normal',
  permissions: [],
  expires: null,
  mustChangePassword: false,
  note: '',
};

interface NewUserDialogProps {
  readonly onClose: () => void;
  readonly onCreated: () => void;
}

/** Creates one user, or several at once. */
export function NewUserDialog({ onClose, onCreated }: NewUserDialogProps): JSX.Element {
  const { api } = usePage();
  const { value: user, change, clear } = useDraft('new user', NOTHING);
  const [password, setPassword] = useState('');
  const [created, setCreated] = useState<readonly Creation[]>();
  const { newUser: words } = texts;
  const names = namesIn(user);
  const { run, isBusy, error } = useAction(async () => {
    const fields = fieldsOf(user);
    if (user.isMany) {
      const passwords = names.map(generatePassword);
      const results = await api.batch(
        names.map((name, index) => ({ op: 'create', name, password: passwords[index] as string, ...fields })),
      );
      setCreated(results.map((result, index) => ({ name: names[index] as string, secret: passwords[index], result })));
    } else {
      const [name = ''] = names;
      const chosen = user.isGenerated ? generatePassword() : password;
      await api.create({ name, password: chosen, ...fields });
      setCreated([{ name, secret: user.isGenerated ? chosen : undefined, result: { status: 200 } }]);
    }
    clear();
    onCreated();
  });
  if (created !== undefined) return <NewUserResults created={created} onClose={onClose} />;
  const submit = (event: Event) => {
    event.preventDefault();
    void run();
  };
  return (
    <Dialog title={words.title} onClose={onClose} size="large">
      <form onSubmit={submit}>
        <NameFields user={user} change={change} count={names.length} />
        {!user.isMany && (
          <fieldset class="group fields">
            <legend>{words.password}</legend>
            <Tick
              group="password"
              isOn={user.isGenerated}
              onChange={() => change({ isGenerated: true })}
              hint={words.generateHint}
            >
              {words.generate}
            </Tick>
            <Tick group="password" isOn={!user.isGenerated} onChange={() => change({ isGenerated: false })}>
              {words.type}
            </Tick>
            {!user.isGenerated && (
              <PasswordField label={words.newPassword} value={password} onChange={setPassword} isNew />
            )}
          </fieldset>
        )}
        <AccountFields value={user} onChange={change} />
        {error !== undefined && (
          <Notice kind="wrong">{sentenceFor(error, { name: names[0] ?? '', deed: 'create' })}</Notice>
        )}
        <footer class="dialog-foot">
          <Button onClick={onClose}>{texts.cancel}</Button>
          <Button kind="accent" submits isBusy={isBusy}>
            {user.isMany ? fill(words.submitMany, { users: usersText(names.length) }) : words.submit}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

interface NameFieldsProps {
  readonly user: Typed;
  readonly change: (changes: Partial<Typed>) => void;
  readonly count: number;
}

function NameFields({ user, change, count }: NameFieldsProps): JSX.Element {
  const { newUser: words } = texts;
  const shared = {
    dir: 'auto',
    spellcheck: false,
    autocapitalize: 'none',
    autocomplete: 'off',
    required: true,
  } as const;
  const typed = (event: { readonly currentTarget: { readonly value: string } }) =>
    change({ names: event.currentTarget.value });
  return (
    <>
      {user.isMany ? (
        <Field label={words.names} hint={words.namesHint.replace('{count}', String(count))}>
          {(attributes) => <textarea {...attributes} {...shared} rows={5} value={user.names} onInput={typed} />}
        </Field>
      ) : (
        <Field label={words.name} hint={words.nameHint}>
          {(attributes) => <input {...attributes} {...shared} autofocus value={user.names} onInput={typed} />}
        </Field>
      )}
      <Tick isOn={user.isMany} onChange={(isMany) => change({ isMany })}>
        {words.many}
      </Tick>
    </>
  );
}

function namesIn({ names, isMany }: Typed): readonly string[] {
  if (!isMany) return [names.trim()];
  return [...new Set(names.split(/\s+/).filter(Boolean))];
}

function fieldsOf({
  type,
  permissions,
  expires,
  mustChangePassword,
  note,
}: AccountValues): Omit<NewUser, 'name' | 'password'> {
  return {
    type,
    ...(type === 'normal' && { permissions }),
    ...(expires !== null && { expires }),
    ...(mustChangePassword && { mustChangePassword }),
    ...(note !== '' && { note }),
  };
}
