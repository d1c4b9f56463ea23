import type { ComponentChildren, JSX } from 'preact';

interface EmptyProps {
  readonly title: ComponentChildren;
  /** The advice for the reader. */
  readonly children: ComponentChildren;
}

/** Stands where there is nothing to show yet. */
export function Empty({ title, children }: EmptyProps): JSX.Element {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      <p>{children}</p>
    </div>
  );
}
