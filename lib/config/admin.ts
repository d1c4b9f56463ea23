import { ConfigError } from '../errors.js';
import type { FirstAdmin } from '../users/first-admin.js';
import { opaqueString, passwordProblem } from '../users/password.js';
import { weaknessOf } from '../users/password-policy.js';
import type { Choice } from './layers.js';
import type { Setting } from './setting.js';
import { ADMIN_PASSWORDS, AUTH } from './settings.js';
import { readSecretFile } from './text-file.js';

const { adminUsername, adminPassword, adminPasswordFile } = AUTH;

const SUBJECT = '[auth] admin-password-file:';

/** A name, and a password or the file that contains it. */
export interface AdminSettings {
  readonly name: string | undefined;
  readonly password: string | undefined;
  /** An absolute path. */
  readonly passwordFile: string | undefined;
}

/**
 * Takes name and password each from the first layer that sets it. Either way to give a password replaces both of a weaker
 * layer, so that a container's secret comes before a password in a file.
 */
export function chooseAdmin(choice: Choice): AdminSettings {
  const given = choice.strongest(ADMIN_PASSWORDS);
  const [first] = given;
  const from = first && choice.placeOf(first)?.from;
  const chosen = (setting: Setting<string | undefined>): string | undefined =>
    given.includes(setting) ? choice.choose(setting) : choice.record(setting, undefined, from);
  return {
    name: choice.choose(adminUsername),
    password: chosen(adminPassword),
    passwordFile: chosen(adminPasswordFile),
  };
}

/** The faults of name, password and file together. */
export function adminProblems(admin: AdminSettings, choice: Choice, minimumPasswordLength: number): string[] {
  if (![adminUsername, ...ADMIN_PASSWORDS].every((setting) => choice.isKnown(setting))) return [];
  const subjectOf = (setting: Setting<string | undefined>) => choice.placeOf(setting)?.subject;
  const { name, password, passwordFile } = admin;
  const hasPassword = password !== undefined || passwordFile !== undefined;
  const problems: string[] = [];
  if (password !== undefined && passwordFile !== undefined) {
    problems.push(
      `${subjectOf(adminPassword)}: a password and a file with one (${subjectOf(adminPasswordFile)}) are both set: ` +
        'remove one of the two',
    );
  }
  if (name !== undefined && !hasPassword) {
    problems.push(
      `${subjectOf(adminUsername)}: the first admin has a name and no password: set ${waysToSet(adminPasswordFile)}`,
    );
  }
  if (name === undefined && hasPassword) {
    const subject = subjectOf(password === undefined ? adminPasswordFile : adminPassword);
    problems.push(`${subject}: the first admin has a password and no name: set ${waysToSet(adminUsername)}`);
  }
  const refusal = password === undefined ? undefined : whyRefused(password, name, minimumPasswordLength);
  if (refusal !== undefined) problems.push(`${subjectOf(adminPassword)}: ${refusal}`);
  return problems;
}

/** `admin-username, KAPACITOR_AUTH_ADMIN_USERNAME, or auth.admin.name in code`. */
function waysToSet({ key, variables, section, property }: Setting<string | undefined>): string {
  return `${key}, ${variables[0]}, or ${section}.${property} in code`;
}

/** The users' own rules, as far as they can be checked without asking anybody. */
function whyRefused(password: string, name: string | undefined, minimumLength: number): string | undefined {
  return weaknessOf(opaqueString(password), name ?? '', minimumLength);
}

/** The admin to make, if there is one. A file is read when the password is needed. */
export function firstAdmin(
  { name, password, passwordFile }: AdminSettings,
  minimumPasswordLength: number,
): FirstAdmin | undefined {
  if (name === undefined) return undefined;
  if (password !== undefined) return { name, password };
  if (passwordFile === undefined) return undefined;
  return { name, password: () => readPassword(passwordFile, name, minimumPasswordLength) };
}

/** The reason why no admin can be made with the file as it is now, or undefined. */
export function passwordFileProblem(path: string, name: string | undefined, minimumLength: number): string | undefined {
  try {
    readPassword(path, name, minimumLength);
    return undefined;
  } catch (error) {
    return (error as ConfigError).message;
  }
}

/** @throws {ConfigError} the file cannot be read, or contains no password that this user can have; names the file */
function readPassword(path: string, name: string | undefined, minimumLength: number): string {
  const password = readSecretFile(path, SUBJECT, 'password');
  const problem = passwordProblem(opaqueString(password));
  if (problem !== undefined) {
    throw new ConfigError(`${SUBJECT} ${path}: ${problem}: write the password in it, and nothing else`);
  }
  const refusal = whyRefused(password, name, minimumLength);
  if (refusal !== undefined) throw new ConfigError(`${SUBJECT} ${path}: ${refusal}`);
  return password;
}
