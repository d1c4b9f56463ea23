import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Button } from '../parts/button';
import { Field } from '../parts/field';
import { texts } from '../texts';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];

/** A request that a user might make. */
export interface Asked {
  readonly name?: string | undefined;
  readonly method?: string | undefined;
  readonly path?: string | undefined;
}

interface AccessFormProps {
  readonly asked: Asked;
  /** Whether the person chooses the user. */
  readonly hasName: boolean;
  readonly onAsk: (asked: Required<Asked>) => void;
}

/** Asks whether a user may make a request. */
export function AccessForm({ asked, hasName, onAsk }: AccessFormProps): JSX.Element {
  const [name, setName] = useState(asked.name ?? '');
  const [method, setMethod] = useState(asked.method ?? 'GET');
  const [path, setPath] = useState(asked.path ?? '');
  const { access: words } = texts;
  const submit = (event: Event) => {
    event.preventDefault();
    onAsk({ name: name.trim(), method, path: path.startsWith('/') ? path : `/${path}` });
  };
  return (
    <form class="ask" onSubmit={submit}>
      {hasName && (
        <Field label={words.user}>
          {(attributes) => (
            <input
              {...attributes}
              dir="auto"
              required
              spellcheck={false}
              autocapitalize="none"
              autocomplete="off"
              value={name}
              onInput={(event) => setName(event.currentTarget.value)}
            />
          )}
        </Field>
      )}
      <Field label={words.method} isNarrow>
        {(attributes) => (
          <select {...attributes} value={method} onChange={(event) => setMethod(event.currentTarget.value)}>
            {METHODS.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        )}
      </Field>
      <Field label={words.path}>
        {(attributes) => (
          <input
            {...attributes}
            required
            spellcheck={false}
            autocapitalize="none"
            autocomplete="off"
            placeholder={words.pathExample}
            value={path}
            onInput={(event) => setPath(event.currentTarget.value)}
          />
        )}
      </Field>
      <Button kind="accent" submits>
        {words.submit}
      </Button>
    </form>
  );
}
