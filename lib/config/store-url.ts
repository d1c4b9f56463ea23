import type { UserRepository } from '../users/repository.js';

/** As far as they matter to what is shown, and of any text that begins like a URL. */
const PARTS = /^(postgres(?:ql)?:\/\/)(?:([^?#]*)@)?([^?#]*)(?:\?([^#]*))?/;

/** `password`, `sslpassword`, `passfile`, `sslkey` and the like. */
const SECRET_NAME = /pass|secret|key/i;

/**
 * A store as it may be shown: a `postgres://` URL loses its password, and those of its parameters that sound like a
 * secret; what else there is in it stays as it was written. Another store is shown as it is. It never throws.
 */
export function withoutSecrets(store: string): string {
  const [, scheme, credentials = '', place = '', query = ''] = PARTS.exec(store) ?? [];
  if (scheme === undefined) return store;
  // An encoded colon divides nothing, and is there when name and password were encoded as one.
  const [user] = credentials.split(/:|%3a/i);
  const parameters = query.split('&').filter((parameter) => parameter !== '' && !isSecret(parameter));
  return `${scheme}${user ? `${user}@` : ''}${place}${parameters.length > 0 ? `?${parameters.join('&')}` : ''}`;
}

/** `sqlite:` or `memory:`; undefined for a store that other machines can share. */
export function localScheme(store: string | UserRepository): string | undefined {
  return typeof store === 'string' ? /^(?:sqlite|memory):/.exec(store)?.[0] : undefined;
}

/** Names may be percent-encoded, and badly. */
function isSecret(parameter: string): boolean {
  return [...new URLSearchParams(parameter).keys()].some((name) => SECRET_NAME.test(name));
}
