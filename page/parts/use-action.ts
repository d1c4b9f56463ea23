import { useState } from 'preact/hooks';

export interface Action<Arguments extends readonly unknown[]> {
  readonly run: (...given: Arguments) => Promise<void>;
  readonly isBusy: boolean;
  readonly error: unknown;
  readonly forget: () => void;
}

/** Does something once at a time, and keeps the error of the last time. */
export function useAction<Arguments extends readonly unknown[]>(
  work: (...given: Arguments) => Promise<void>,
): Action<Arguments> {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const run = async (...given: Arguments) => {
    if (isBusy) return;
    setBusy(true);
    setError(undefined);
    try {
      await work(...given);
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  return { run, isBusy, error, forget: () => setError(undefined) };
}
