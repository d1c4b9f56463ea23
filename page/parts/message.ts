import { useCallback, useRef, useState } from 'preact/hooks';

/** Milliseconds that a message stays. */
const SHOWN_FOR = 6_000;

interface Message {
  readonly message: string;
  readonly tell: (text: string) => void;
}

/** A sentence that goes by itself, such as that changes are saved. Nobody needs to have read it. */
export function useMessage(): Message {
  const [message, setMessage] = useState('');
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const tell = useCallback((text: string) => {
    clearTimeout(timer.current);
    setMessage(text);
    timer.current = setTimeout(() => setMessage(''), SHOWN_FOR);
  }, []);
  return { message, tell };
}
