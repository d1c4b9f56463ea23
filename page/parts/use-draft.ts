import { useState } from 'preact/hooks';

const PREFIX = 'kapacitor-auth ';

export interface Draft<T> {
  readonly value: T;
  readonly change: (changes: Partial<T>) => void;
  readonly clear: () => void;
}

/**
 * What somebody has typed into a form. It outlives a reload and a sign-in, in this tab. Passwords have no place in it.
 *
 * @param key the form
 */
export function useDraft<T extends object>(key: string, initial: T): Draft<T> {
  const [value, setValue] = useState<T>(() => ({ ...initial, ...stored(key) }));
  const change = (changes: Partial<T>) =>
    setValue((before) => {
      const after = { ...before, ...changes };
      keep(key, after);
      return after;
    });
  const clear = () => {
    sessionStorage.removeItem(PREFIX + key);
    setValue(initial);
  };
  return { value, change, clear };
}

/** Forgets what somebody else has typed in this tab. */
export function keepDraftsOf(user: string): void {
  if (sessionStorage.getItem(`${PREFIX}of`) !== user) forgetDrafts();
  sessionStorage.setItem(`${PREFIX}of`, user);
}

export function forgetDrafts(): void {
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
}

function stored(key: string): object {
  try {
    return Object(JSON.parse(sessionStorage.getItem(PREFIX + key) ?? '{}'));
  } catch {
    return {};
  }
}

function keep(key: string, value: object): void {
  try {
    sessionStorage.setItem(PREFIX + key, JSON.stringify(value));
  } catch {
    // The browser keeps nothing. The form still has it.
  }
}
