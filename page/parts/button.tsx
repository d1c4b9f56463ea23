import type { ComponentChildren, JSX } from 'preact';

interface ButtonProps {
  readonly children: ComponentChildren;
  /**
   * `accent` does what the place is for, `danger` asks about something destructive, and `destroy` does it.
   * Defaults to `plain`.
   */
  readonly kind?: 'accent' | 'danger' | 'destroy' | 'plain' | 'quiet';
  readonly onClick?: (() => void) | undefined;
  /** Whether it submits its form. Defaults to false. */
  readonly submits?: boolean;
  /** Whether its work is under way. It keeps the focus meanwhile. */
  readonly isBusy?: boolean;
  readonly isDisabled?: boolean;
}

export function Button({
  children,
  kind = 'plain',
  onClick,
  submits,
  isBusy = false,
  isDisabled,
}: ButtonProps): JSX.Element {
  const click = (event: Event) => {
    if (isBusy) event.preventDefault();
    else onClick?.();
  };
  return (
    <button
      type={submits ? 'submit' : 'button'}
      class={`button ${kind}`}
      aria-disabled={isBusy || undefined}
      disabled={isDisabled}
      onClick={click}
    >
      {children}
    </button>
  );
}
