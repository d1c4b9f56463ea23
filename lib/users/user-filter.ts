import type { UserFilter } from './repository.js';
import type { User } from './user.js';

/** Whether a filter selects a user. */
export function isSelected(user: User, filter: UserFilter): boolean {
  const { type, enabled, permission } = filter;
  return (
    isNameSelected(user.name, filter) &&
    (type === undefined || user.type === type) &&
    (enabled === undefined || user.enabled === enabled) &&
    (permission === undefined || user.permissions.includes(permission))
  );
}

/** Whether the conditions of a filter for names are fulfilled. */
export function isNameSelected(name: string, { pattern, q }: Pick<UserFilter, 'pattern' | 'q'>): boolean {
  return pattern.matches(name) && (q === undefined || name.toLowerCase().includes(q));
}

/** Whether a filter has a condition besides the pattern. */
export function hasConditions({ q, type, enabled, permission }: UserFilter): boolean {
  return [q, type, enabled, permission].some((condition) => condition !== undefined);
}
