import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import TOML from '@iarna/toml';
import { ConfigError } from '../errors.js';
import { DocumentReader } from './document.js';
import { Layer } from './layer.js';
import { Lines } from './lines.js';
import { absolutePath } from './path.js';
import { syntaxProblem } from './syntax.js';

/**
 * What a `kapacitor.conf` says in `[auth]`, `[http]` and `data_dir`. Its other sections are left alone.
 *
 * @throws {ConfigError} when the file cannot be read or is not TOML
 */
export function readConfigFile(path: string): Layer {
  if (path === '') throw new ConfigError('the path of the config file is empty: name a file, or give an object');
  const absolute = absolutePath(path, process.cwd());
  const text = decode(readBytes(path, absolute), absolute).replaceAll('\r\n', '\n');
  const document = parse(text, absolute);
  const layer = new Layer(dirname(absolute));
  new DocumentReader(absolute, new Lines(text), layer).read(document);
  return layer;
}

function readBytes(path: string, absolute: string): Buffer {
  try {
    return readFileSync(absolute);
  } catch (cause) {
    // A URL may hold a password, and so may the cause, which repeats it.
    if (/^[a-z][a-z+]+:/i.test(path)) {
      throw new ConfigError(
        'the path of a config file, or an object, must be given, not a URL: a store is written as ' +
          "kapacitorAuth({ auth: { store: 'lmdb:FOLDER' } })",
      );
    }
    const { code, message } = cause as NodeJS.ErrnoException;
    const reasons: Partial<Record<string, string>> = {
      ENOENT: 'there is no such file',
      EISDIR: 'it is a folder: name the file in it, such as kapacitor.conf',
    };
    throw new ConfigError(`cannot read the config file ${absolute}: ${reasons[code as string] ?? message}`, { cause });
  }
}

function decode(bytes: Buffer, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new ConfigError(`cannot read the config file ${path}: it is not a text in UTF-8: save it as UTF-8`);
  }
}

function parse(text: string, path: string): Record<string, unknown> {
  try {
    return TOML.parse(text) as Record<string, unknown>;
  } catch (error) {
    // Not as a cause: the parser's own message repeats lines of the file, which may hold passwords. It knows no line
    // of a date that the calendar does not have.
    const { line, message } = error as { line?: number; message: string };
    const where = line === undefined ? path : `${path}, line ${line + 1}`;
    throw new ConfigError(`${where}: ${syntaxProblem(text.split('\n')[line ?? -1] ?? '', message)}`);
  }
}
