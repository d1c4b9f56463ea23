import type { ComponentChildren } from 'preact';
import { useCallback, useRef, useState } from 'preact/hooks';

/** Milliseconds that a message stays. */
const SHOWN_FOR = 6_000;

interface Message {
  readonly message: ComponentChildren;
  readonly tell: (sentence: ComponentChildren) => void;
}

/** A sentence that goes by itself, such as that changes are saved. Nobody needs to have read it. */
export function useMessage(): Message {
  const [message, setMessage] = useState<ComponentChildren>('');
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const tell = useCallback((sentence: ComponentChildren) => {
    clearTimeout(timer.current);
    setMessage(sentence);
    timer.current = setTimeout(() => setMessage(''), SHOWN_FOR);
  }, []);
  return { message, tell };
}
