import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { ConfigError } from '../errors.js';
import { opaqueString, passwordProblem } from '../users/password.js';
import { weaknessOf } from '../users/password-policy.js';
import type { Choice } from './choice.js';
import type { FirstAdmin } from './resolved.js';
import { ADMIN_PASSWORD, ADMIN_PASSWORD_FILE, ADMIN_PASSWORDS, ADMIN_USERNAME, type Setting } from './settings.js';

/** How the three are called wherever one can write them. */
const USERNAME = 'admin-username, KAPACITOR_AUTH_ADMIN_USERNAME, or auth.admin.name in code';
const PASSWORD = 'admin-password-file, KAPACITOR_AUTH_ADMIN_PASSWORD_FILE, or auth.admin.passwordFile in code';

const SUBJECT = '[auth] admin-password-file:';

/** No password is nearly as long. */
const MAX_BYTES = 4_096;

/** A name, and a password or the file that has it. */
export interface AdminSettings {
  readonly name: string | undefined;
  readonly password: string | undefined;
  /** An absolute path. */
  readonly passwordFile: string | undefined;
}

/**
 * Name and password are taken each from the first layer that has it. Password and file stand for one another: either of
 * a stronger layer replaces both of a weaker one, so that a container's secret comes before a file's password.
 */
export function chooseAdmin(choice: Choice): AdminSettings {
  const name = choice.choose(ADMIN_USERNAME, undefined);
  const given = choice.strongest(ADMIN_PASSWORDS);
  const [first] = given;
  const from = first && choice.placeOf(first)?.from;
  return {
    name,
    password: given.includes(ADMIN_PASSWORD)
      ? choice.choose(ADMIN_PASSWORD, undefined)
      : choice.settle(ADMIN_PASSWORD, undefined, from),
    passwordFile: given.includes(ADMIN_PASSWORD_FILE)
      ? choice.choosePath(ADMIN_PASSWORD_FILE)
      : choice.settle(ADMIN_PASSWORD_FILE, undefined, from),
  };
}

/** What is wrong with them together. */
export function adminProblems(admin: AdminSettings, choice: Choice, minimumPasswordLength: number): string[] {
  if (![ADMIN_USERNAME, ...ADMIN_PASSWORDS].every((setting) => choice.isKnown(setting))) return [];
  const subjectOf = (setting: Setting) => choice.placeOf(setting)?.subject;
  const { name, password, passwordFile } = admin;
  const passwordSetting = password === undefined ? ADMIN_PASSWORD_FILE : ADMIN_PASSWORD;
  const hasPassword = password !== undefined || passwordFile !== undefined;
  const problems: string[] = [];
  if (password !== undefined && passwordFile !== undefined) {
    problems.push(
      `${subjectOf(ADMIN_PASSWORD)}: a password and a file with one (${subjectOf(ADMIN_PASSWORD_FILE)}) are both set: ` +
        'remove one of the two',
    );
  }
  if (name !== undefined && !hasPassword) {
    problems.push(`${subjectOf(ADMIN_USERNAME)}: the first admin has a name and no password: set ${PASSWORD}`);
  }
  if (name === undefined && hasPassword) {
    problems.push(`${subjectOf(passwordSetting)}: the first admin has a password and no name: set ${USERNAME}`);
  }
  const refusal = password === undefined ? undefined : whyRefused(password, name, minimumPasswordLength);
  if (refusal !== undefined) problems.push(`${subjectOf(ADMIN_PASSWORD)}: ${refusal}`);
  return problems;
}

/** What the users' own rules would say at the start, as far as no one need be asked. */
function whyRefused(password: string, name: string | undefined, minimumLength: number): string | undefined {
  return weaknessOf(opaqueString(password), name ?? '', minimumLength);
}

/** The admin, if there is one. The file is read when the password is asked for. */
export function firstAdmin(
  { name, password, passwordFile }: AdminSettings,
  minimumPasswordLength: number,
): FirstAdmin | undefined {
  if (name === undefined) return undefined;
  if (password !== undefined) return { name, password };
  if (passwordFile === undefined) return undefined;
  return { name, password: () => readPassword(passwordFile, name, minimumPasswordLength) };
}

/** Why no admin could be made with the file as it is now, or undefined. */
export function passwordFileProblem(path: string, name: string | undefined, minimumLength: number): string | undefined {
  try {
    readPassword(path, name, minimumLength);
    return undefined;
  } catch (error) {
    return (error as ConfigError).message;
  }
}

/** @throws {ConfigError} that says what is wrong with the file, or with the password in it */
function readPassword(path: string, name: string | undefined, minimumLength: number): string {
  const password = passwordIn(readSmallFile(path), path);
  const refusal = whyRefused(password, name, minimumLength);
  if (refusal !== undefined) throw new ConfigError(`${SUBJECT} ${path}: ${refusal}`);
  return password;
}

/** Only of a plain file: what waits for somebody to write, or has no end, would keep the app from starting, and from ending. */
function readSmallFile(path: string): Buffer {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (cause) {
    throw unreadable(path, cause);
  }
  try {
    const stats = fstatSync(descriptor);
    if (stats.isDirectory()) throw new ConfigError(`${SUBJECT} cannot read ${path}: it is a folder`);
    if (!stats.isFile()) throw new ConfigError(`${SUBJECT} cannot read ${path}: it is no regular file`);
    if (stats.size > MAX_BYTES) {
      throw new ConfigError(`${SUBJECT} ${path} has ${stats.size} bytes: write the password in it, and nothing else`);
    }
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** An editor, and `echo`, end the line. */
function passwordIn(bytes: Buffer, path: string): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // Not as a cause: it may repeat the bytes.
    throw new ConfigError(`${SUBJECT} ${path} is not a text in UTF-8: save it as UTF-8`);
  }
  const password = text.replace(/\r?\n$/, '');
  if (password === '') throw new ConfigError(`${SUBJECT} ${path} is empty: write the password in it`);
  const problem = passwordProblem(opaqueString(password));
  if (problem === undefined) return password;
  throw new ConfigError(`${SUBJECT} ${path}: ${problem}: write the password in it, and nothing else`);
}

function unreadable(path: string, cause: unknown): ConfigError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const reason = code === 'ENOENT' ? 'there is no such file' : message;
  return new ConfigError(`${SUBJECT} cannot read ${path}: ${reason}`, { cause });
}
