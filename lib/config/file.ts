import { dirname } from 'node:path';
import { didYouMean, isPlainObject, suggest } from '../argument-checks.js';
import { describeType, quoteText } from '../safe-text.js';
import { HTTP } from './http-settings.js';
import { Layer, mustBe, type Place } from './layers.js';
import { PERMISSIONS_SECTION, SECTIONS, type Section, type Setting } from './setting.js';
import { SECRETS, SETTINGS } from './settings.js';
import { absolutePath, readTextFile } from './text-file.js';
import { inToml, isQuoted, Lines, parseToml, type Table } from './toml.js';
import { isMetaKey, keysOf, META_SERVER, NO_META_SERVER, settingCalled, settingsMeantBy } from './vocabulary.js';

/**
 * Reads `[auth]`, `[http]`, `[permissions]` and `data_dir` of a `kapacitor.conf`. Its other sections are left alone. A file
 * that cannot be read, or is not TOML, is one problem, and no setting of it is known.
 */
export function readConfigFile(path: string): Layer {
  const absolute = absolutePath(path, process.cwd());
  const layer = new Layer(dirname(absolute));
  if (path === '') {
    layer.complain('the path of the config file is empty: name a file, or give an object', SETTINGS);
    return layer;
  }
  const file = readTextFile(absolute);
  if ('reason' in file) {
    refuseFile(layer, path, `cannot read the config file ${absolute}: ${file.reason}`, file.cause);
    return layer;
  }
  const text = file.text.replaceAll('\r\n', '\n');
  const parsed = parseToml(text);
  if ('problem' in parsed) {
    layer.complain(`${absolute}, line ${parsed.line}: ${parsed.problem}`, SETTINGS);
    return layer;
  }
  new DocumentReader(absolute, new Lines(text), layer).read(parsed.document);
  warnOfReadableFile(layer, file.mode);
  return layer;
}

function refuseFile(layer: Layer, path: string, problem: string, cause: unknown): void {
  // A URL may hold a password, and so may the cause, which repeats it.
  const isUrl = cause !== undefined && /^[a-z][a-z+]+:/i.test(path);
  const notUrl =
    'the path of a config file, or an object, must be given, not a URL: a store is written as ' +
    "kapacitorAuth({ auth: { store: 'sqlite:FILE' } })";
  layer.complain(isUrl ? notUrl : problem, SETTINGS);
  if (!isUrl) layer.cause = cause;
}

function warnOfReadableFile(layer: Layer, mode: number): void {
  if ((mode & 0o077) === 0) return;
  for (const [secret, inFile] of SECRETS) {
    const place = layer.get(secret) ? layer.placeOf(secret) : undefined;
    if (place === undefined) continue;
    layer.warnings.push(
      `${place.subject}: other users of this machine may read the file (its mode is ${mode.toString(8).padStart(4, '0')}): ` +
        `chmod 600 it, or name a file of its own with ${inFile.key}`,
    );
  }
}

/** Takes the settings out of a parsed config file. */
class DocumentReader {
  readonly #path: string;
  readonly #lines: Lines;
  readonly #layer: Layer;

  constructor(path: string, lines: Lines, layer: Layer) {
    this.#path = path;
    this.#lines = lines;
    this.#layer = layer;
  }

  read(document: Table): void {
    for (const [key, value] of Object.entries(document)) {
      const section = SECTIONS.find((known) => known === key);
      if (section !== undefined) this.#readSection(section, value);
      else if (key === PERMISSIONS_SECTION) this.#readPermissions(value);
      else if (isPlainObject(value) || Array.isArray(value)) this.#checkOtherSection([key], value);
      else this.#readTopLevel(key, value);
    }
  }

  #readSection(section: (typeof SECTIONS)[number], table: unknown): void {
    if (!isPlainObject(table)) {
      const problem = `must be a section, with a line  [${section}]  above its settings, not ${describeType(table)}`;
      this.#complain([section], undefined, problem, settingsOf(section));
      return;
    }
    for (const [key, value] of Object.entries(table)) {
      const setting = SETTINGS.find((known) => known.section === section && known.key === key);
      if (setting !== undefined) this.#readValue(setting, value);
      else if (!isMetaKey(section, key) && !keysOf(section).includes(key)) {
        const hint =
          didYouMean(isPlainObject(value) ? suggestedHeader(key) : suggestKey(section, key)) ||
          `: [${section}] has ${keysOf(section).join(', ')}`;
        this.#complain([section], key, `this key is not known${hint}`, settingsMeantBy(key));
      }
    }
    this.#refuseMetaServer(section, table);
  }

  #readPermissions(table: unknown): void {
    if (!isPlainObject(table)) {
      const problem = `must have a section for each permission, such as  [permissions.clerk] , not ${describeType(table)}`;
      this.#complain([PERMISSIONS_SECTION], undefined, problem, []);
      return;
    }
    for (const [name, value] of Object.entries(table)) {
      const path = [PERMISSIONS_SECTION, name];
      this.#layer.definitions.set(name, {
        value,
        place: this.#place(path, undefined),
        subjectOf: (key) => this.#place(path, key).subject,
      });
    }
  }

  /** A key before its section would have no effect: a login would not be required. */
  #readTopLevel(key: string, value: unknown): void {
    const setting = SETTINGS.find((known) => known.section === '' && known.key === key);
    const home = SECTIONS.find((section) => keysOf(section).includes(key));
    const meant = suggestKey('', key);
    const doubtful = settingsMeantBy(key);
    if (setting !== undefined) this.#readValue(setting, value);
    else if (home !== undefined) this.#complain([], key, `belongs below [${home}]: move it there`, doubtful);
    else if (meant !== undefined) this.#complain([], key, `this key is not known${didYouMean(meant)}`, doubtful);
  }

  /** A section with a misspelt name would have no effect either, nor would `auth-enabled` in another section. */
  #checkOtherSection(path: readonly string[], value: unknown): void {
    const meant = path.length === 1 ? suggestSection(path.join()) : undefined;
    if (meant !== undefined) {
      this.#complain(path, undefined, `this section is not known${didYouMean(`[${meant}]`)}`, settingsOf(meant));
    } else if (Array.isArray(value)) {
      for (const each of value) this.#checkOtherSection(path, each);
    } else if (isPlainObject(value)) {
      for (const [key, inner] of Object.entries(value)) {
        if (key !== HTTP.authEnabled.key) this.#checkOtherSection([...path, key], inner);
        else this.#complain(path, key, 'belongs below [http]: move it there', [HTTP.authEnabled]);
      }
    }
  }

  #readValue(setting: Setting, value: unknown): void {
    const { section, key, kind } = setting;
    const home = section === '' ? [] : [section];
    const valid = kind.fromValue(value);
    if (valid !== undefined) {
      this.#layer.set(setting, valid, this.#place(home, key));
      return;
    }
    const isOnlyQuoted = typeof value === 'string' && !isQuoted(setting) && kind.fromText(value) !== undefined;
    const hint = isOnlyQuoted ? `: write  ${inToml(setting, value)}` : '';
    this.#layer.refuse(setting, `${this.#place(home, key).subject}: ${mustBe(setting, value)}${hint}`);
  }

  /** Kapacitor's own files set these keys to empty values, which mean no meta server. */
  #refuseMetaServer(section: Section, table: Table): void {
    const keys = Object.keys(table).filter(
      (key) => isMetaKey(section, key) && table[key] !== '' && table[key] !== false,
    );
    const [first, ...others] = keys;
    if (first === undefined) return;
    const subject = [this.#place([section], first).subject, ...others].join(', ');
    const lines = others.length === 0 ? 'the line' : 'these lines';
    this.#layer.refuse(
      META_SERVER,
      `${subject}: ${NO_META_SERVER}: remove ${lines}, and keep the users in [auth] store`,
    );
  }

  #complain(section: readonly string[], key: string | undefined, problem: string, doubtful: Iterable<Setting>): void {
    this.#layer.complain(`${this.#place(section, key).subject}: ${problem}`, doubtful);
  }

  #place(section: readonly string[], key: string | undefined): Place {
    const line = this.#lines.find(key === undefined ? section : [...section, key]);
    const from = line === undefined ? this.#path : `${this.#path}, line ${line}`;
    const header = section.length > 0 && `[${section.map(keyForDisplay).join('.')}]`;
    const name = [header, key === undefined ? undefined : keyForDisplay(key)].filter((part) => part).join(' ');
    return { from, subject: `${from}: ${name}` };
  }
}

/** A key as a message shows it: in quotes unless TOML has it without. */
function keyForDisplay(key: string): string {
  return /^[\w-]+$/.test(key) ? key : quoteText(key);
}

/** `auth` for `Auth`. */
function suggestSection(name: string): Section | undefined {
  return suggest(name, [...SECTIONS, PERMISSIONS_SECTION]) as Section | undefined;
}

function suggestedHeader(name: string): string | undefined {
  const meant = suggestSection(name);
  return meant && `[${meant}]`;
}

function settingsOf(section: Section): readonly Setting[] {
  return SETTINGS.filter((setting) => setting.section === section);
}

/** `auth-enabled` for `auth_enabled`, or `[http] auth-enabled` if that is its section. */
function suggestKey(section: Section, key: string): string | undefined {
  const sections = [section, ...SECTIONS.filter((other) => other !== section)];
  // Before any section there are words of other programs, which Kapacitor ignores.
  const called = section === '' ? undefined : settingCalled(key)?.key;
  const keys = sections.flatMap(keysOf);
  const meant = called === undefined || keys.includes(key) ? suggest(key, keys) : called;
  const home = sections.find((each) => meant !== undefined && keysOf(each).includes(meant));
  return home === undefined || home === section ? meant : `[${home}] ${meant}`;
}
