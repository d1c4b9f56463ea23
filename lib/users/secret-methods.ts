import { inWords } from '../argument-checks.js';
import type { UserRepository } from './repository.js';
import type { SecretRepository } from './secret.js';

const METHODS: Readonly<Record<keyof SecretRepository, true>> = {
  find: true,
  list: true,
  insert: true,
  remove: true,
  removeAll: true,
  recordUses: true,
  removeExpired: true,
};

/** What a repository lacks for keys and sessions, in words. Undefined if it lacks nothing. */
export function lacksSecrets({ secrets }: Pick<UserRepository, 'secrets'>): string | undefined {
  const names = Object.keys(METHODS) as (keyof SecretRepository)[];
  if (typeof secrets !== 'object' || secrets === null) return `it needs secrets with the methods ${inWords(names)}`;
  const missing = names.filter((name) => typeof secrets[name] !== 'function');
  if (missing.length === 0) return undefined;
  return `its secrets lack the method${missing.length === 1 ? '' : 's'} ${inWords(missing)}`;
}
