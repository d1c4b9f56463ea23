import type { JSX } from 'preact';
import { texts } from '../texts';
import type { PermissionEntry } from './use-permissions';

/** The paths that a permission opens, such as `/orders: read, write`. */
export function Opens({ what }: { readonly what: PermissionEntry['opens'] }): JSX.Element {
  if (typeof what === 'string') return <>{what}</>;
  return (
    <>
      {Object.entries(what).map(([path, privileges]) => (
        <span key={path} class="opens">
          <bdi>
            <code>{path}</code>
          </bdi>
          {`: ${privilegesText(privileges)}`}
        </span>
      ))}
    </>
  );
}

function privilegesText(privileges: readonly string[]): string {
  if (privileges.length === 0) return texts.permissions.closed;
  return privileges.includes('all') ? texts.permissions.all : privileges.join(', ');
}
