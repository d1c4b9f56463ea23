import type { JSX } from 'preact';
import { useId, useRef, useState } from 'preact/hooks';
import { texts } from '../texts';
import { Button } from './button';

interface SecretProps {
  readonly label: string;
  readonly value: string;
}

/** A secret that is shown once, to be copied. */
export function Secret({ label, value }: SecretProps): JSX.Element {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="secret">
        <input
          id={id}
          ref={input}
          value={value}
          readOnly
          spellcheck={false}
          autocomplete="off"
          onFocus={(event) => event.currentTarget.select()}
        />
        <CopyButton text={value} onRefused={() => input.current?.select()} />
      </div>
    </div>
  );
}

interface CopyButtonProps {
  readonly text: string;
  /** Called if the browser refuses: without TLS, a page may not copy by itself. Selects the text. */
  readonly onRefused: () => void;
}

/** Puts a text into the clipboard, and says so. */
export function CopyButton({ text, onRefused }: CopyButtonProps): JSX.Element {
  const [outcome, setOutcome] = useState('');
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setOutcome(texts.copied);
    } catch {
      onRefused();
      setOutcome(texts.copyByHand);
    }
  };
  return (
    <>
      <Button onClick={() => void copy()}>{outcome === texts.copied ? texts.copied : texts.copy}</Button>
      <span class={outcome === texts.copyByHand ? 'hint' : 'unseen'} role="status">
        {outcome}
      </span>
    </>
  );
}
