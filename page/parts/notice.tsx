import type { ComponentChildren, JSX } from 'preact';

interface NoticeProps {
  readonly kind: 'wrong' | 'right' | 'info';
  readonly children: ComponentChildren;
}

/** A sentence about what happened. What went wrong is read out at once. */
export function Notice({ kind, children }: NoticeProps): JSX.Element {
  return (
    <div class={`notice ${kind}`} role={kind === 'wrong' ? 'alert' : 'status'}>
      {children}
    </div>
  );
}
