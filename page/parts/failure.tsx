import type { ComponentChildren, JSX } from 'preact';
import { texts } from '../texts';
import { Button } from './button';
import { Notice } from './notice';

interface FailureProps {
  readonly children: ComponentChildren;
  readonly onRetry: () => void;
}

/** Says why something could not be loaded, and loads it again. */
export function Failure({ children, onRetry }: FailureProps): JSX.Element {
  return (
    <Notice kind="wrong">
      <p>{children}</p>
      <Button onClick={onRetry}>{texts.tryAgain}</Button>
    </Notice>
  );
}
