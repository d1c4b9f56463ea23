import type { ComponentChildren, JSX } from 'preact';
import { goTo, hrefOf, type Place } from '../route';

interface LinkProps {
  readonly to: Place;
  readonly children: ComponentChildren;
  readonly class?: string;
  readonly current?: 'page' | undefined;
}

/** A link to a place on this page. A new tab can open it as well. */
export function Link({ to, children, class: name, current }: LinkProps): JSX.Element {
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    goTo(to);
  };
  return (
    <a href={hrefOf(to)} class={name} aria-current={current} onClick={follow}>
      {children}
    </a>
  );
}
