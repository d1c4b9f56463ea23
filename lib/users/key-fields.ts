import { didYouMean, inWords, type KnownKeys, keyProblem, suggest } from '../argument-checks.js';
import { InvalidKeyError } from '../errors.js';
import { describeType, describeValue } from '../safe-text.js';
import { readEnd, requireFuture } from './end-time.js';
import { normalizePermissions, type Permission, type PermissionNames } from './permissions.js';

/**
 * A key to create.
 *
 * @typeParam Own the names of the app's own permissions
 */
export interface NewKey<Own extends string = never> {
  /** Tells the owner's keys apart: 1 to 64 visible characters, with single spaces between. No other key of the owner has it. */
  readonly name: string;
  /**
   * When the key ends: a time (RFC 3339, or a `Date`), or a duration from now on, such as `90d`, `12h` or `1h30m`. Defaults to
   * never.
   */
  readonly expires?: string | Date | undefined;
  /** The most that the key may do. It never does more than its owner may do. Defaults to all that the owner may do. */
  readonly permissions?: readonly (Permission | Own)[] | undefined;
}

/** A key to create, after its fields are checked. */
export interface ReadNewKey {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly expires: number | undefined;
  readonly permissions: readonly string[] | undefined;
}

const NEW_KEY: KnownKeys = { owner: 'a key', noun: 'field', keys: ['name', 'expires', 'permissions'] };

const MAX_NAME = 64;
/** Letters, marks, digits, punctuation and symbols, with single spaces between. */
const NAME = /^[\p{L}\p{M}\p{N}\p{P}\p{S}]+(?: [\p{L}\p{M}\p{N}\p{P}\p{S}]+)*$/u;
/** Symbols and letters without ink: the blank of Braille and those of Egyptian hieroglyphs are not default-ignorable. */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\u2800\u{13441}\u{13442}]/u;

/**
 * Reads a key to create from code or from a client. An absent field may be null.
 *
 * @param now milliseconds since 1970
 * @throws {InvalidKeyError} names the field and the problem
 */
export function readNewKey(given: unknown, permissionNames: PermissionNames, now: number): ReadNewKey {
  const problem = keyProblem(given, NEW_KEY);
  if (problem !== undefined) throw new InvalidKeyError(problem);
  const { name, expires, permissions }: Record<string, unknown> = Object.assign(Object.create(null), given);
  const end = readEnd(expires ?? undefined, now, InvalidKeyError);
  requireFuture(end, now, InvalidKeyError);
  return {
    name: readName(name),
    expires: end,
    permissions: readPermissions(permissions ?? undefined, permissionNames),
  };
}

/** Whether a key can have this name. */
export function isKeyName(name: string): boolean {
  return [...name].length <= MAX_NAME && NAME.test(name) && !INVISIBLE.test(name);
}

function readName(name: unknown): string {
  if (name === undefined || name === null || name === '') throw new InvalidKeyError('the name of the key is required');
  if (typeof name !== 'string') {
    throw new InvalidKeyError(`the name of a key must be a text, not ${describeType(name)}`);
  }
  if (isKeyName(name)) return name;
  throw new InvalidKeyError(
    `the name of a key has 1 to ${MAX_NAME} visible characters, with single spaces between: ${describeValue(name)} does not`,
  );
}

function readPermissions(given: unknown, names: PermissionNames): readonly string[] | undefined {
  if (given === undefined) return undefined;
  if (!Array.isArray(given)) throw new InvalidKeyError(`permissions must be an array, not ${describeType(given)}`);
  for (const permission of given) {
    if (typeof permission !== 'string') {
      throw new InvalidKeyError(`a permission must be a text, not ${describeValue(permission)}`);
    }
    if (names.has(permission)) continue;
    const hint = didYouMean(suggest(permission, names.all)) || `: the permissions are ${inWords(names.all)}`;
    throw new InvalidKeyError(`permission ${describeValue(permission)} is not known${hint}`);
  }
  return normalizePermissions(given);
}
