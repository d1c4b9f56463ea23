import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

interface State<T> {
  /** The value that was loaded last. Undefined: nothing yet. */
  readonly value: T | undefined;
  readonly error: unknown;
  readonly isLoading: boolean;
}

export interface Loaded<T> extends State<T> {
  /** Resolves as soon as the new value, or an error, is there. */
  readonly reload: () => Promise<void>;
}

/**
 * Loads something, and again when what it depends on changes. The former request is then given up, and the former value stays
 * until the new one is there.
 */
export function useLoad<T>(load: (signal: AbortSignal) => Promise<T>, dependencies: readonly unknown[]): Loaded<T> {
  const [state, setState] = useState<State<T>>({
    value: undefined,
    error: undefined,
    isLoading: true,
  });
  const [turn, setTurn] = useState(0);
  const waiting = useRef<(() => void)[]>([]);
  const current = useRef(load);
  current.current = load;
  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    setState((before) => ({ ...before, isLoading: true }));
    const settle = (change: (before: State<T>) => State<T>) => {
      if (signal.aborted) return;
      setState(change);
      for (const resolve of waiting.current.splice(0)) resolve();
    };
    current.current(signal).then(
      (value) => settle(() => ({ value, error: undefined, isLoading: false })),
      (error: unknown) => settle((before) => ({ ...before, error, isLoading: false })),
    );
    return () => controller.abort();
  }, [...dependencies, turn]);
  const reload = useCallback(
    () =>
      new Promise<void>((resolve) => {
        waiting.current.push(resolve);
        setTurn((before) => before + 1);
      }),
    [],
  );
  return { ...state, reload };
}
