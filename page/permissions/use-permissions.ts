import { usePage } from '../context';
import { useLoad } from '../parts/use-load';
import { texts } from '../texts';

/** A permission, and the paths that it opens with their privileges. */
export interface PermissionEntry {
  readonly name: string;
  readonly opens: string | Readonly<Record<string, readonly string[]>>;
}

/** Kapacitor's permissions, which every server has. */
export const KAPACITOR: readonly PermissionEntry[] = Object.entries(texts.kapacitor).map(([name, opens]) => ({
  name,
  opens,
}));

/**
 * The permissions that a user can have: the app's own once they are loaded, and Kapacitor's. A person who may not look at all of
 * them gets those of its own.
 */
export function usePermissions(): readonly PermissionEntry[] {
  const { api, me, mayReadUsers } = usePage();
  const { value = {} } = useLoad(async (signal) => (mayReadUsers ? await api.permissions(signal) : {}), [mayReadUsers]);
  if (!mayReadUsers) {
    return (me.permissions ?? []).map((name) => KAPACITOR.find((entry) => entry.name === name) ?? { name, opens: {} });
  }
  return [...Object.entries(value).map(([name, opens]) => ({ name, opens })), ...KAPACITOR];
}
