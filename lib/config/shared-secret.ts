import { ConfigError } from '../errors.js';
import { HTTP } from './http-settings.js';
import type { Choice } from './layers.js';
import type { Setting } from './setting.js';
import { SHARED_SECRETS } from './settings.js';
import { readSecretFile } from './text-file.js';

const { sharedSecret, sharedSecretFile } = HTTP;

const SUBJECT = '[http] shared-secret-file:';

/** RFC 7518, section 3.2: a key has as many bits as the hash of HS256, or more. */
const RECOMMENDED_BYTES = 32;

/** The secret of JSON Web Tokens, and what is wrong with a secret that counts all the same. */
interface SharedSecret {
  readonly secret: string;
  /** A warning for the operator, without the secret. */
  readonly weakness: string | undefined;
}

/**
 * Reads the secret. Commands of the command line that need none may not be allowed to read its file.
 *
 * @throws {ConfigError} the file cannot be read, or contains no secret; names the file
 */
export type SharedSecretReader = () => SharedSecret;

/**
 * Takes the secret, or the file that contains it, from the first layer that sets either one.
 *
 * @returns undefined if there is no secret: no token is accepted then
 */
export function chooseSharedSecret(choice: Choice): SharedSecretReader | undefined {
  const given = choice.strongest(SHARED_SECRETS);
  const [first] = given;
  const from = first && choice.placeOf(first)?.from;
  const chosen = (setting: Setting<string | undefined>): string | undefined =>
    given.includes(setting) ? choice.choose(setting) : choice.record(setting, undefined, from);
  const secret = chosen(sharedSecret);
  const path = chosen(sharedSecretFile);
  // Only a file can set an empty secret. It means none, as in the files that Kapacitor prints.
  if (secret) return () => judged(secret, choice.placeOf(sharedSecret)?.subject);
  return path === undefined ? undefined : () => judged(readSecret(path), `${SUBJECT} ${path}`);
}

/** The fault of a secret and a file together. */
export function sharedSecretProblems(choice: Choice): string[] {
  const places = SHARED_SECRETS.map((setting) => {
    const value = choice.isKnown(setting) ? choice.outcomes.get(setting)?.value : undefined;
    return value ? choice.placeOf(setting)?.subject : undefined;
  });
  const [secret, file] = places;
  if (secret === undefined || file === undefined) return [];
  return [`${secret}: a secret and a file with one (${file}) are both set: remove one of the two`];
}

function judged(secret: string, subject: string | undefined): SharedSecret {
  const isWeak = Buffer.byteLength(secret) < RECOMMENDED_BYTES;
  const weakness =
    `${subject}: the secret has fewer than ${RECOMMENDED_BYTES} bytes, so somebody who has one token may find it out: ` +
    'make one with  openssl rand -base64 32';
  return { secret, weakness: isWeak ? weakness : undefined };
}

/** @throws {ConfigError} the file cannot be read, or contains no secret; names the file */
function readSecret(path: string): string {
  const secret = readSecretFile(path, SUBJECT, 'secret');
  if (!/[\r\n]/.test(secret)) return secret;
  throw new ConfigError(`${SUBJECT} ${path} has several lines: write the secret in it, and nothing else`);
}
