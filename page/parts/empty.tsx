import type { ComponentChildren, JSX } from 'preact';

interface EmptyProps {
  readonly title: ComponentChildren;
  /** What to do about it. */
  readonly children: ComponentChildren;
}

/** What is shown where there is nothing yet. */
export function Empty({ title, children }: EmptyProps): JSX.Element {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      <p>{children}</p>
    </div>
  );
}
