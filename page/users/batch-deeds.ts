import type { Operation, UserChanges } from '../api/types';

/** The deeds that can be done to many users at once, the destructive ones last. */
export const DEEDS = ['enable', 'disable', 'permit', 'renew', 'delete'] as const;
export type Deed = (typeof DEEDS)[number];

/** The operation on a user. */
export function operationFor(deed: Deed, name: string, permissions: readonly string[]): Operation {
  if (deed === 'delete') return { op: 'delete', name };
  return { op: 'change', name, ...changesOf(deed, permissions) };
}

function changesOf(deed: Exclude<Deed, 'delete'>, permissions: readonly string[]): UserChanges {
  switch (deed) {
    case 'enable':
      return { enabled: true };
    case 'disable':
      return { enabled: false };
    case 'permit':
      return { permissions };
    case 'renew':
      return { mustChangePassword: true };
  }
}
