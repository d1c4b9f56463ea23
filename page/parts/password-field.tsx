import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { texts } from '../texts';
import { Button } from './button';
import { Field } from './field';

interface PasswordFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly isNew?: boolean;
  readonly hint?: ComponentChildren;
}

/** A password to type, which can be shown. */
export function PasswordField({ label, value, onChange, isNew = false, hint }: PasswordFieldProps): JSX.Element {
  const [isShown, setShown] = useState(false);
  return (
    <Field label={label} hint={hint}>
      {(attributes) => (
        <div class="secret">
          <input
            {...attributes}
            type={(isShown ? 'text' : 'password') as 'password'}
            autocomplete={isNew ? 'new-password' : 'current-password'}
            spellcheck={false}
            autocapitalize="none"
            required
            value={value}
            onInput={(event) => onChange(event.currentTarget.value)}
          />
          <Button onClick={() => setShown(!isShown)}>{isShown ? texts.hide : texts.show}</Button>
        </div>
      )}
    </Field>
  );
}
