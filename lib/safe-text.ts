/**
 * Everything that keeps a secret, or an order to a terminal, out of a message, a log, an event or an answer. No other
 * module masks, cuts or escapes text that people read.
 */

/** UTF-16 units. A longer text is cut in a message. */
const LONGEST_QUOTE = 300;
/** UTF-16 units of the words of another server. */
const LONGEST_LINE = 1_000;
/** UTF-16 units of a path. */
const LONGEST_PATH = 1_024;

/**
 * The same text in memory of its own, for whatever keeps it. V8 makes a part of a text, from 13 characters on, a reference into
 * the whole: the name of a user that was cut out of its credentials would keep the password as well.
 */
export function detached(text: string): string {
  // UTF-16 keeps lone surrogates.
  return Buffer.from(text, 'utf16le').toString('utf16le');
}

/** Shows a boolean, a number, a text or null as it is, and only the type of any other value: a password may be inside. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return quoteText(value);
  const isPlain = value === null || ['boolean', 'number', 'bigint'].includes(typeof value);
  return isPlain ? String(value) : describeType(value);
}

/** `an array`, `a text`, `null`: the type of a value, without its content. */
export function describeType(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'string') return 'a text';
  const name = Object.prototype.toString.call(value).slice('[object '.length, -1);
  return `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name.toLowerCase()}`;
}

/**
 * `TypeError`, `Error ENOTFOUND`: the name and the codes of an error that an app's own code threw. Its message may hold a
 * password, in any encoding. Never throws.
 */
export function describeError(error: unknown): string {
  try {
    if (!(error instanceof Error)) return `${describeType(error)} was thrown`;
    const { name, code, cause } = error as NodeJS.ErrnoException;
    const parts = [name, code, (cause as NodeJS.ErrnoException | undefined)?.code];
    return parts.filter((part) => typeof part === 'string' && /^\w+$/.test(part)).join(' ') || 'Error';
  } catch {
    // The getters of a thrown object may throw as well.
    return 'an object was thrown';
  }
}

/** A text in quotes, printable, and cut after 300 characters. */
export function quoteText(text: string): string {
  const cut = text.length > LONGEST_QUOTE;
  return printable(JSON.stringify(cut ? text.slice(0, LONGEST_QUOTE) : text)) + (cut ? '…' : '');
}

/**
 * Control characters (C0, DEL, C1), invisible characters, those that turn the writing direction, line separators and
 * halves of surrogate pairs. A terminal obeys some of them, and an attacker chooses them.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Escapes unprintable characters as JSON does, line ends too. JSON text keeps its value. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => character.split('').map(escaped).join(''));
}

/** Escapes unprintable characters, but keeps the line ends of a text of several lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Puts the words of another server on one line, cut after 1,000 characters. A second line would pass for one of ours. */
export function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line;
}

/** A text in single quotes, which bash, zsh and fish take for one word. */
export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Password hashes, complete or cut off: bcrypt's, those of the other methods of crypt(3), and LDAP's `{SSHA}…`. */
const HASH = /\$(?:2[a-z]?|apr1|[1567y])\$[./A-Za-z0-9$]+|\{S?(?:SHA|MD5)\d*\}[+/A-Za-z0-9]+=*/gi;

/** Replaces each password hash in a text with `(a hash)`. */
export function withoutHashes(text: string): string {
  return text.replace(HASH, '(a hash)');
}

/** Keys and sessions, complete or cut off. */
const KEY = /ka[ps]_[\dA-Za-z]{20,}/g;

/** Whether a text has a key in it, or most of one. */
export function holdsKey(text: string): boolean {
  return text.search(KEY) !== -1;
}

/** Replaces each key in a text with `(a key)`. */
function withoutKeys(text: string): string {
  return text.replace(KEY, '(a key)');
}

/**
 * The userinfo of `http://name:password@host`, where the colon may be percent-encoded. The password ends at the last `@`,
 * because not everybody encodes an `@` in it. `PASSWORD` is the placeholder of our own examples.
 */
const URL_PASSWORD = /([a-z][a-z\d+.-]*:\/\/[^\s:@/?#]*?)(?::|%3a)(?!PASSWORD@)\S*@/gi;
/** The name of a parameter, from its separator to the equals sign. */
const PARAMETER_NAME = /[?&]([^\s=&]+)=/g;

/** Removes passwords of URLs, secret parameters of URLs, keys and hashes from a text of any kind. */
export function withoutSecrets(text: string): string {
  return withoutHashes(withoutKeys(withoutParameters(text.replace(URL_PASSWORD, '$1@'))));
}

/** Hides the values of secret parameters. The value of any other parameter may be a URL with parameters of its own. */
function withoutParameters(text: string): string {
  let shown = '';
  let rest = 0;
  for (const { 0: beginning, 1: name = '', index } of text.matchAll(PARAMETER_NAME)) {
    if (index < rest || !isSecretParameter(name)) continue;
    const value = index + beginning.length;
    shown += `${text.slice(rest, value)}…`;
    rest = value + text.slice(value).search(/[\s&]|$/);
  }
  return shown + text.slice(rest);
}

/** `password`, `sslpassword`, `passfile`, `sslkey` and the like. */
const SECRET_NAME = /pass|secret|key/i;

/** The name may be percent-encoded, and badly. */
function isSecretParameter(parameter: string): boolean {
  return [...new URLSearchParams(parameter).keys()].some((name) => SECRET_NAME.test(name));
}

/** The parts of a URL of PostgreSQL that matter here. Any text that begins like such a URL has them. */
const POSTGRES_URL = /^(postgres(?:ql)?:\/\/)(?:([^?#]*)@)?([^?#]*)(?:\?([^#]*))?/;

/**
 * The value of `[auth] store` for display. A `postgres://` URL loses its password, its secret parameters and its fragment.
 * Any other store stays as it is. Never throws.
 */
export function storeForDisplay(store: string): string {
  const [, scheme, credentials = '', place = '', query = ''] = POSTGRES_URL.exec(store) ?? [];
  if (scheme === undefined) return store;
  // The colon is encoded where name and password were encoded as one.
  const [user] = credentials.split(/:|%3a/i);
  const parameters = query.split('&').filter((parameter) => parameter !== '' && !isSecretParameter(parameter));
  return `${scheme}${user ? `${user}@` : ''}${place}${parameters.length > 0 ? `?${parameters.join('&')}` : ''}`;
}

/** A path without any of these has nothing to hide. */
const SUSPICIOUS = /[?#;&@%\\]/;

/** A host with or without a port: https://www.rfc-editor.org/rfc/rfc3986#section-3.2 */
const HOST = /^(?:\[[^\]]*\]|[^:]*)(?::\d*)?$/;

/**
 * A request's target for display: without the query, the fragment, the userinfo of a host, and the parameters of a
 * segment, in any spelling. Each of them may hold a password. A key in place of its id is left out as well. The rest stays
 * as the client sent it, cut after 1,024 characters.
 */
export function pathForDisplay(target: string): string {
  const isHarmless = !SUSPICIOUS.test(target) && !target.includes('//');
  const path = isHarmless ? target : pathWithoutSecrets(cutAt(target, /[?#]/));
  return detached(withoutKeys(path).slice(0, LONGEST_PATH));
}

function pathWithoutSecrets(path: string): string {
  const userinfoEnd = afterLastAt(path);
  // Segments, and the slash after each.
  const parts = path.split(/([/\\])/);
  let shown = '';
  let offset = 0;
  for (let index = 0; index < parts.length; index += 2) {
    const [segment = '', slash = ''] = [parts[index], parts[index + 1]];
    const before = parts[index - 2];
    const isAuthority = (before === '' && index > 2) || before?.endsWith(':') === true;
    const remaining = cutAt(withoutUserinfo(segment, isAuthority), /;|&[^&]*=/);
    const isHost = !isAuthority || HOST.test(decodeEscapes(remaining).text);
    // The password has a slash in it, and ends at the last @.
    if (!isHost && userinfoEnd > offset) return shown + pathWithoutSecrets(path.slice(userinfoEnd));
    shown += (isHost ? remaining : '') + slash;
    offset += segment.length + slash.length;
  }
  return shown;
}

/** Userinfo stands before the host of an authority. Elsewhere only a part with a colon or a slash counts as userinfo. */
function withoutUserinfo(segment: string, isAuthority: boolean): string {
  const { text } = decodeEscapes(segment);
  const userinfo = text.slice(0, text.lastIndexOf('@') + 1);
  return isAuthority || /[:/\\]/.test(userinfo) ? segment.slice(afterLastAt(segment)) : segment;
}

function afterLastAt(path: string): number {
  const { text, starts } = decodeEscapes(path);
  const at = text.lastIndexOf('@');
  return at === -1 ? 0 : (starts[at + 1] ?? path.length);
}

/** The part before the first match, in any spelling. */
function cutAt(path: string, pattern: RegExp): string {
  const { text, starts } = decodeEscapes(path);
  const end = text.search(pattern);
  return end === -1 ? path : path.slice(0, starts[end]);
}

/** A text with every escape decoded, however often it was escaped: `%3f`, `%253f` and `%u003f` are question marks. */
interface Decoded {
  readonly text: string;
  /** Where the client's spelling of each character begins. */
  readonly starts: readonly number[];
}

function decodeEscapes(path: string): Decoded {
  const characters: string[] = [];
  const starts: number[] = [];
  for (let index = 0; index < path.length; index += 1) {
    characters.push(path[index] as string);
    starts.push(index);
    // A decoded character may be the end of another escape.
    while (replaceEscape(characters, starts, 2, '%') || replaceEscape(characters, starts, 4, '%u'));
  }
  return { text: characters.join(''), starts };
}

/** Replaces an escape at the end with its character. Returns false if there is none. */
function replaceEscape(characters: string[], starts: number[], digits: number, prefix: string): boolean {
  const begin = characters.length - digits - prefix.length;
  if (begin < 0 || characters[begin] !== '%') return false;
  const spelling = characters.slice(begin).join('').toLowerCase();
  const code = spelling.slice(prefix.length);
  if (!spelling.startsWith(prefix) || !/^[\da-f]+$/.test(code)) return false;
  characters.splice(begin, characters.length, String.fromCharCode(Number.parseInt(code, 16)));
  starts.length = begin + 1;
  return true;
}
