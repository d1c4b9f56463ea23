import type { ComponentChildren, JSX } from 'preact';

interface ButtonProps {
  readonly children: ComponentChildren;
  /**
   * `accent` does what the place is for, `danger` asks about something destructive, and `destroy` does it. Defaults to `plain`.
   */
  readonly kind?: 'accent' | 'danger' | 'destroy' | 'plain' | 'quiet';
  readonly onClick?: (() => void) | undefined;
  /** Whether it submits its form. Defaults to false. */
  readonly submits?: boolean;
  /** Whether its work is under way. Defaults to false. */
  readonly isBusy?: boolean;
  /** Whether there is nothing to do. Defaults to false. */
  readonly isIdle?: boolean;
}

export function Button({
  children,
  kind = 'plain',
  onClick,
  submits = false,
  isBusy = false,
  isIdle = false,
}: ButtonProps): JSX.Element {
  const click = (event: Event) => {
    if (isBusy || isIdle) event.preventDefault();
    else onClick?.();
  };
  // With `disabled`, the button would lose the focus.
  return (
    <button
      type={submits ? 'submit' : 'button'}
      class={`button ${isIdle ? 'idle' : kind}`}
      aria-disabled={isBusy || isIdle || undefined}
      onClick={click}
    >
      {children}
    </button>
  );
}
