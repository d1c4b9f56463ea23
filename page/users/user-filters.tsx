import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { UserQuery } from '../api/api';
import { Button } from '../parts/button';
import { Field } from '../parts/field';
import { texts } from '../texts';

/** Milliseconds without a key after which a search begins. */
const PAUSE = 200;

interface UserFiltersProps {
  readonly query: UserQuery;
  readonly permissions: readonly string[];
  readonly onChange: (changes: UserQuery) => void;
}

/** The filters of the list. The server applies them. */
export function UserFilters({ query, permissions, onChange }: UserFiltersProps): JSX.Element {
  const { users, type, state } = texts;
  // The address may name one that nobody defines, and the definitions come later.
  const { permission = '' } = query;
  const named = permission === '' || permissions.includes(permission) ? permissions : [permission, ...permissions];
  const root = useRef<HTMLElement>(null);
  const clear = () => {
    onChange({ q: '', type: '', enabled: '', permission: '' });
    // The button goes away with what it has cleared.
    root.current?.querySelector('input')?.focus();
  };
  const isFiltered = Boolean(query.q || query.type || query.enabled || query.permission);
  return (
    <search class="filters" ref={root}>
      <SearchField value={query.q ?? ''} onChange={(q) => onChange({ q })} />
      <Choice
        label={users.type}
        value={query.type ?? ''}
        options={[['', users.anyType], ...Object.entries(type)]}
        onChange={(value) => onChange({ type: value })}
      />
      <Choice
        label={users.state}
        value={query.enabled ?? ''}
        options={[
          ['', users.anyState],
          ['true', state.enabled],
          ['false', state.disabled],
        ]}
        onChange={(value) => onChange({ enabled: value })}
      />
      <Choice
        label={users.permission}
        value={permission}
        options={[['', users.anyPermission], ...named.map((each) => [each, each] as const)]}
        onChange={(value) => onChange({ permission: value })}
      />
      {isFiltered && (
        <Button kind="quiet" onClick={clear}>
          {users.clear}
        </Button>
      )}
    </search>
  );
}

interface SearchFieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
}

function SearchField({ value, onChange }: SearchFieldProps): JSX.Element {
  const [typed, setTyped] = useState(value);
  const report = useRef(onChange);
  report.current = onChange;
  const reported = useRef(value);
  useEffect(() => {
    if (typed === reported.current) return undefined;
    const timer = setTimeout(() => {
      reported.current = typed;
      report.current(typed);
    }, PAUSE);
    return () => clearTimeout(timer);
  }, [typed]);
  useEffect(() => {
    // The Back button, or the filters were cleared.
    if (value === reported.current) return;
    reported.current = value;
    setTyped(value);
  }, [value]);
  return (
    <Field label={texts.users.search}>
      {(attributes) => (
        <input
          {...attributes}
          type="search"
          dir="auto"
          spellcheck={false}
          autocapitalize="none"
          autocomplete="off"
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, text: string])[];
  readonly onChange: (value: string) => void;
}

function Choice({ label, value, options, onChange }: ChoiceProps): JSX.Element {
  return (
    <Field label={label}>
      {(attributes) => (
        <select {...attributes} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
          {options.map(([each, text]) => (
            <option key={each} value={each}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
