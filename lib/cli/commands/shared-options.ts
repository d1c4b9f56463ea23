import { type Command, InvalidArgumentError, Option } from 'commander';
import { didYouMean } from '../../argument-checks.js';
import type { AccountFields } from '../../users/account-fields.js';
import { readEnd } from '../../users/end-time.js';
import { isPermissionName, PERMISSION_NAME_RULE } from '../../users/permissions.js';
import type { UserType } from '../../users/user.js';
import { UsageError } from '../cli-error.js';

/** Makes a command of a group, with `--json`. */
export type NewCommand = (name: string, description: string) => Command;

export interface RightsOptions {
  readonly type?: UserType;
  readonly permission?: string[];
}

/** `--type` and `--permission`. */
export function rightsOptions(command: Command): Command {
  const type = new Option('--type <TYPE>', 'an admin may do everything').choices(['admin', 'normal']);
  return permissionOption(command.addOption(type));
}

/** `--permission`. */
export function permissionOption(
  command: Command,
  description = 'api, config_api, write_points, all, none, or one that the app defines; repeatable, or separated by commas',
): Command {
  return command.addOption(new Option('--permission <P>', description).argParser(toPermissions));
}

/** @throws {UsageError} an admin is given permissions, which would have no effect */
export function checkRights({ type, permission = [] }: RightsOptions): void {
  if (type !== 'admin' || permission.length === 0) return;
  throw new UsageError('an admin may do everything, and has no permissions: leave out --permission or --type admin');
}

export interface AccountOptions {
  /** A duration or a time, or `never`. */
  readonly expires?: string;
  readonly mustChangePassword?: boolean;
  readonly note?: string;
}

/** `--expires`, `--must-change-password` and `--note`. */
export function accountOptions(command: Command): Command {
  return command
    .option(
      '--expires <END>',
      'when the user ends: a duration such as 90d or 12h, a time such as 2027-01-31T00:00:00Z, or never',
      toEnd,
    )
    .option('--must-change-password', 'the user may only change its password until it has done so')
    .option('--note <TEXT>', "a text of yours about the user, up to 200 characters; '' removes it");
}

/** `--password-stdin` and `--password-file`. */
export function passwordOptions(command: Command): Command {
  return command
    .option('--password-stdin', 'read the password from the first line of standard input')
    .option('--password-file <FILE>', 'read the password from the first line of a file');
}

export function jsonOption(command: Command): Command {
  return command.option('--json', 'print JSON, for programs');
}

export function parseCount(value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw new InvalidArgumentError('It must be a number, 0 or more.');
  return Number(value);
}

/** The fields of the account for a user that is made or changed. */
export function accountFields({ expires, mustChangePassword, note }: AccountOptions): AccountFields {
  return { expires: expires === NEVER ? null : expires, mustChangePassword, note };
}

const NEVER = 'never';

/** A duration counts from when the user is stored. */
function toEnd(value: string): string {
  if (value === NEVER) return value;
  try {
    readEnd(value, Date.now(), Error);
    return value;
  } catch {
    throw new InvalidArgumentError(
      'It must be a duration such as 90d or 12h, a time such as 2027-01-31T00:00:00Z, or never.',
    );
  }
}

/** Whether such a permission exists is known later. */
function toPermissions(value: string, before: string[] = []): string[] {
  const named = value.split(',').map((each) => each.trim());
  const wrong: string | undefined = named.find((each): boolean => !isPermissionName(each));
  if (wrong === undefined) return [...before, ...named];
  const lowerCase = wrong.toLowerCase();
  const hint = isPermissionName(lowerCase) ? didYouMean(lowerCase) : '.';
  throw new InvalidArgumentError(`The name of a permission has ${PERMISSION_NAME_RULE}${hint}`);
}
