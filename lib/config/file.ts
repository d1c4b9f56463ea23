import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import TOML from '@iarna/toml';
import { ConfigError } from '../errors.js';
import { Layer, mustBe } from './layer.js';
import { isLeftAlone, isMetaKey, SETTINGS, type Section, type Setting } from './settings.js';
import { didYouMean, suggest } from './suggestion.js';

type Table = Record<string, unknown>;

const SECTIONS = ['auth', 'http'] as const;

/**
 * What a `kapacitor.conf` says in `[auth]`, `[http]` and `data_dir`. Its other sections are left alone.
 *
 * @throws {ConfigError} when the file cannot be read or is not TOML
 */
export function readConfigFile(path: string): Layer {
  const absolute = resolve(path);
  const text = readText(absolute);
  const layer = new Layer(dirname(absolute));
  new FileReader(absolute, text, layer).read();
  return layer;
}

function readText(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    const reason =
      (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (cause as Error).message;
    throw new ConfigError(`cannot read the config file ${path}: ${reason}`, { cause });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new ConfigError(`cannot read the config file ${path}: it is not a text in UTF-8`);
  }
}

class FileReader {
  readonly #path: string;
  readonly #lines: readonly string[];
  readonly #layer: Layer;

  constructor(path: string, text: string, layer: Layer) {
    this.#path = path;
    this.#lines = text.split(/\r?\n/);
    this.#layer = layer;
  }

  read(): void {
    const document = this.#parse();
    this.#readTopLevel(document);
    for (const section of SECTIONS) {
      const table = document[section];
      if (table === undefined) continue;
      if (typeof table === 'object' && table !== null && !Array.isArray(table)) {
        this.#readSection(section, table as Table);
      } else {
        this.#complain(section, undefined, `must be a section, [${section}]`);
      }
    }
  }

  #parse(): Table {
    try {
      return TOML.parse(this.#lines.join('\n')) as Table;
    } catch (error) {
      // Not as a cause: the parser's own message repeats lines of the file, which may hold passwords.
      const { line, message } = error as { line?: number; message: string };
      throw new ConfigError(this.#syntaxProblem(line === undefined ? undefined : line + 1, message));
    }
  }

  #syntaxProblem(line: number | undefined, message: string): string {
    const [, key = '', value = ''] =
      /^\s*([\w-]+)\s*[:=]\s*(.*?)\s*(?:#.*)?$/.exec(this.#lines[(line ?? 0) - 1] ?? '') ?? [];
    const setting = SETTINGS.find((known) => known.key === key && known.section !== '');
    const where = `${this.#path}${line === undefined ? '' : `, line ${line}`}`;
    if (setting !== undefined)
      return `${where}: ${key}: this is not TOML: write  ${key} = ${corrected(setting, value)}`;
    const reason = message.split(/[\n,]| at row /, 1)[0];
    return `${where}: this is not TOML (${reason})`;
  }

  /** A key that was put before its section, or a section with a slip in its name, would leave the door open. */
  #readTopLevel(document: Table): void {
    for (const [key, value] of Object.entries(document)) {
      const isSection = typeof value === 'object' && value !== null;
      const meant = isSection
        ? SECTIONS.find((section) => section !== key && suggest(key, [section]))
        : SETTINGS.find((setting) => setting.section !== '' && setting.key === key && key.includes('-'))?.section;
      if (meant === undefined) continue;
      const problem = isSection ? `this section is not known${didYouMean(`[${meant}]`)}` : `belongs below [${meant}]`;
      this.#complain(isSection ? (key as Section) : '', isSection ? undefined : key, problem);
    }
    for (const setting of SETTINGS.filter(({ section }) => section === '')) {
      if (document[setting.key] !== undefined) this.#readValue(setting, document[setting.key]);
    }
  }

  #readSection(section: Section, table: Table): void {
    for (const [key, value] of Object.entries(table)) {
      const setting = SETTINGS.find((known) => known.section === section && known.key === key);
      if (setting !== undefined) this.#readValue(setting, value);
      else if (isMetaKey(section, key)) this.#readMeta(section, key, value);
      else if (!isLeftAlone(section, key))
        this.#complain(section, key, `this key is not known${suggestKey(section, key)}`);
    }
  }

  #readValue(setting: Setting, value: unknown): void {
    const valid = setting.kind.fromValue(value);
    if (valid === undefined) this.#complain(setting.section, setting.key, mustBe(setting, value));
    else this.#layer.set(setting, valid);
  }

  #readMeta(section: Section, key: string, value: unknown): void {
    if (value === '' || value === false) return;
    this.#complain(section, key, 'a meta server is not supported: remove the line, and keep the users in [auth] store');
  }

  #complain(section: Section, key: string | undefined, problem: string): void {
    const line = this.#lineOf(section, key);
    const where = line === undefined ? this.#path : `${this.#path}, line ${line}`;
    const what = [section && `[${section}]`, key].filter(Boolean).join(' ');
    this.#layer.problems.push(`${where}: ${what}: ${problem}`);
  }

  /** The parser keeps no positions. Undefined where the key is written in a way that is hardly ever used. */
  #lineOf(section: string, key: string | undefined): number | undefined {
    let current = '';
    for (const [index, line] of this.#lines.entries()) {
      const header = /^\s*\[+\s*["']?([^\]"']*?)["']?\s*\]/.exec(line)?.[1];
      if (header !== undefined) current = header;
      const isHere = header !== undefined ? key === undefined : new RegExp(`^\\s*["']?${key}["']?\\s*=`).test(line);
      if (current === section && isHere) return index + 1;
    }
    return undefined;
  }
}

/** The value as TOML wants it, if it can be made out what was meant, or an example. */
function corrected(setting: Setting, value: string): string {
  const bare = value.replace(/^["']|["']$/g, '');
  const meant = setting.kind.fromText(bare);
  if (meant === undefined || setting.isSecret) return setting.kind.example;
  return typeof meant === 'boolean' || (typeof meant === 'number' && String(meant) === bare)
    ? String(meant)
    : JSON.stringify(bare);
}

function suggestKey(section: Section, key: string): string {
  const ours = SETTINGS.filter((setting) => setting.section !== '');
  const names = ours.map((setting) => setting.key);
  const meant = suggest(key, names);
  const found = ours.find((setting) => setting.key === meant);
  if (found === undefined) return '';
  return didYouMean(found.section === section ? found.key : `[${found.section}] ${found.key}`);
}
