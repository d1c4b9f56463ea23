/** Characters. */
const MAX_PATH = 1_024;

/** In a path without any of these there is nothing to hide. */
const SUSPICIOUS = /[?#;&@%\\]/;

/** A host with or without a port: https://www.rfc-editor.org/rfc/rfc3986#section-3.2 */
const HOST = /^(?:\[[^\]]*\]|[^:]*)(?::\d*)?$/;

/** A text with every escape decoded, however often it was escaped: `%3f`, `%253f` and `%u003f` are question marks. */
interface Decoded {
  readonly text: string;
  /** Where the client's spelling of each character begins. */
  readonly starts: readonly number[];
}

/**
 * A request's target as it may be shown: without the query, without what stands before a host, and without the
 * parameters of a segment. Each of them may hold a password, in whatever spelling. The rest is as the client sent it, at
 * most 1,024 characters of it.
 */
export function shownPath(target: string): string {
  if (!SUSPICIOUS.test(target) && !target.includes('//')) return target.slice(0, MAX_PATH);
  return withoutSecrets(cutAt(target, /[?#]/)).slice(0, MAX_PATH);
}

function withoutSecrets(path: string): string {
  const userinfoEnd = afterLastAt(path);
  // Segments, and the slash after each.
  const parts = path.split(/([/\\])/);
  let shown = '';
  let offset = 0;
  for (let index = 0; index < parts.length; index += 2) {
    const [segment = '', slash = ''] = [parts[index], parts[index + 1]];
    const before = parts[index - 2];
    const isAuthority = (before === '' && index > 2) || before?.endsWith(':') === true;
    const visible = cutAt(withoutUserinfo(segment, isAuthority), /;|&[^&]*=/);
    const isHost = !isAuthority || HOST.test(decode(visible).text);
    // A slash in a password: it goes on as far as the last @.
    if (!isHost && userinfoEnd > offset) return shown + withoutSecrets(path.slice(userinfoEnd));
    shown += (isHost ? visible : '') + slash;
    offset += segment.length + slash.length;
  }
  return shown;
}

/** A name and a password stand before a host, wherever there is one, and nowhere else with a colon between. */
function withoutUserinfo(segment: string, isAuthority: boolean): string {
  const { text } = decode(segment);
  const userinfo = text.slice(0, text.lastIndexOf('@') + 1);
  return isAuthority || /[:/\\]/.test(userinfo) ? segment.slice(afterLastAt(segment)) : segment;
}

function afterLastAt(path: string): number {
  const { text, starts } = decode(path);
  const at = text.lastIndexOf('@');
  return at === -1 ? 0 : (starts[at + 1] ?? path.length);
}

/** The part before the first match, in whatever spelling. */
function cutAt(path: string, pattern: RegExp): string {
  const { text, starts } = decode(path);
  const end = text.search(pattern);
  return end === -1 ? path : path.slice(0, starts[end]);
}

function decode(path: string): Decoded {
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

/** Puts a character in the place of its escape, if there is one at the end. */
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
