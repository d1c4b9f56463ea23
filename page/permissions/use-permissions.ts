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

/** The permissions that a user can have: the app's own once they are loaded, and Kapacitor's. */
export function usePermissions(): readonly PermissionEntry[] {
  const { api } = usePage();
  const { value = {} } = useLoad((signal) => api.permissions(signal), []);
  return [...Object.entries(value).map(([name, opens]) => ({ name, opens })), ...KAPACITOR];
}
