import { closeSync, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { DocumentReader } from './document.js';
import { Layer } from './layer.js';
import { Lines } from './lines.js';
import { absolutePath } from './path.js';
import { ADMIN_PASSWORD, SETTINGS } from './settings.js';
import { parseToml } from './toml.js';

/**
 * What a `kapacitor.conf` says in `[auth]`, `[http]` and `data_dir`. Its other sections are left alone. When it cannot
 * be read, that is a problem of the layer, and so is each line that is not TOML.
 */
export function readConfigFile(path: string): Layer {
  const absolute = absolutePath(path, process.cwd());
  const layer = new Layer(dirname(absolute));
  const read = path === '' ? { problem: EMPTY_PATH } : readText(path, absolute);
  if ('problem' in read) {
    layer.complain(read.problem, SETTINGS);
    layer.cause = read.cause;
    return layer;
  }
  const { document, text, problems, doubtful } = parseToml(read.text);
  for (const { line, problem } of problems) layer.complain(`${absolute}, line ${line}: ${problem}`);
  layer.doubt(doubtful);
  new DocumentReader(absolute, new Lines(text), layer).read(document);
  warnOfOpenFile(layer, read.mode);
  return layer;
}

const EMPTY_PATH = 'the path of the config file is empty: name a file, or give an object';

type ReadText =
  | { readonly text: string; readonly mode: number }
  | { readonly problem: string; readonly cause?: unknown };

function readText(path: string, absolute: string): ReadText {
  let bytes: Buffer;
  let mode: number;
  try {
    ({ bytes, mode } = readBytes(absolute));
  } catch (cause) {
    // A URL may hold a password, and so may the cause, which repeats it.
    if (/^[a-z][a-z+]+:/i.test(path)) {
      const problem =
        'the path of a config file, or an object, must be given, not a URL: a store is written as ' +
        "kapacitorAuth({ auth: { store: 'sqlite:FILE' } })";
      return { problem };
    }
    const { code, message } = cause as NodeJS.ErrnoException;
    const reasons: Partial<Record<string, string>> = {
      ENOENT: 'there is no such file',
      EISDIR: 'it is a folder: name the file in it, such as kapacitor.conf',
    };
    return { problem: `cannot read the config file ${absolute}: ${reasons[code as string] ?? message}`, cause };
  }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes).replaceAll('\r\n', '\n'), mode };
  } catch {
    return { problem: `cannot read the config file ${absolute}: it is not a text in UTF-8: save it as UTF-8` };
  }
}

/** Of one open file, so that the mode is the one of what was read. */
function readBytes(path: string): { bytes: Buffer; mode: number } {
  const file = openSync(path, 'r');
  try {
    return { bytes: readFileSync(file), mode: modeOf(fstatSync(file)) };
  } finally {
    closeSync(file);
  }
}

/** Windows has no such modes, and Node.js makes some up. */
function modeOf({ mode }: Stats): number {
  return process.platform === 'win32' ? 0 : mode & 0o777;
}

function warnOfOpenFile(layer: Layer, mode: number): void {
  const place = layer.placeOf(ADMIN_PASSWORD);
  if (place === undefined || (mode & 0o077) === 0) return;
  layer.warnings.push(
    `${place.subject}: other users of this machine may read the file (its mode is ${mode.toString(8).padStart(4, '0')}): ` +
      'chmod 600 it, or name a file of its own with admin-password-file',
  );
}
