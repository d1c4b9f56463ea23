import { didYouMean, suggest } from '../argument-checks.js';
import { describeType } from '../safe-text.js';
import { type Layer, mustBe, type Place } from './layer.js';
import type { Lines } from './lines.js';
import { AUTH_ENABLED, SECTIONS, SETTINGS, type Section, type Setting } from './settings.js';
import { settingCalled } from './synonyms.js';
import { inToml, isQuoted } from './syntax.js';
import { isMetaKey, keysOf, META_SERVER, NO_META_SERVER, settingsMeantBy } from './vocabulary.js';

type Table = Readonly<Record<string, unknown>>;

/** Takes the settings out of a parsed config file, and names the file and the line of what is wrong. */
export class DocumentReader {
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
      else if (isTable(value) || Array.isArray(value)) this.#checkOtherSection([key], value);
      else this.#readTopLevel(key, value);
    }
  }

  #readSection(section: (typeof SECTIONS)[number], table: unknown): void {
    if (!isTable(table)) {
      const problem = `must be a section, with a line  [${section}]  above its settings, not ${describeType(table)}`;
      const possible = SETTINGS.filter((setting) => setting.section === section);
      this.#complain([section], undefined, problem, possible);
      return;
    }
    for (const [key, value] of Object.entries(table)) {
      const setting = SETTINGS.find((known) => known.section === section && known.key === key);
      if (setting !== undefined) this.#readValue(setting, value);
      else if (!isMetaKey(section, key) && !keysOf(section).includes(key)) {
        const hint =
          didYouMean(isTable(value) ? suggestSection(key) : suggestKey(section, key)) ||
          `: [${section}] has ${keysOf(section).join(', ')}`;
        this.#complain([section], key, `this key is not known${hint}`, settingsMeantBy([key]));
      }
    }
    this.#refuseMetaServer(section, table);
  }

  /** A key that was put before its section would leave the door open. */
  #readTopLevel(key: string, value: unknown): void {
    const setting = SETTINGS.find((known) => known.section === '' && known.key === key);
    const home = SECTIONS.find((section) => keysOf(section).includes(key));
    const meant = suggestKey('', key);
    const doubtful = settingsMeantBy([key]);
    if (setting !== undefined) this.#readValue(setting, value);
    else if (home !== undefined) this.#complain([], key, `belongs below [${home}]: move it there`, doubtful);
    else if (meant !== undefined) this.#complain([], key, `this key is not known${didYouMean(meant)}`, doubtful);
  }

  /** So would a section with a slip in its name, and a switch put at the end of the file, in whatever is last there. */
  #checkOtherSection(path: readonly string[], value: unknown): void {
    const meant = path.length === 1 ? suggestSection(path.join()) : undefined;
    if (meant !== undefined) {
      const possible = SETTINGS.filter(({ section }) => `[${section}]` === meant);
      this.#complain(path, undefined, `this section is not known${didYouMean(meant)}`, possible);
    } else if (Array.isArray(value)) {
      for (const each of value) this.#checkOtherSection(path, each);
    } else if (isTable(value)) {
      for (const [key, inner] of Object.entries(value)) {
        if (key !== AUTH_ENABLED.key) this.#checkOtherSection([...path, key], inner);
        else this.#complain(path, key, `belongs below [${AUTH_ENABLED.section}]: move it there`, [AUTH_ENABLED]);
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

  /** The empty values are in Kapacitor's own files, and say that there is none. */
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
    const what = [section.length > 0 && `[${section.join('.')}]`, key].filter((part) => part).join(' ');
    return { from, subject: `${from}: ${what}` };
  }
}

/** Not a date, and not an array. */
function isTable(value: unknown): value is Table {
  return Object.prototype.toString.call(value) === '[object Object]';
}

/** `[auth]` for `Auth`. */
function suggestSection(name: string): string | undefined {
  const meant = suggest(name, SECTIONS);
  return meant && `[${meant}]`;
}

/** `auth-enabled` for `auth_enabled`, or `[http] auth-enabled` if it is at home there. */
function suggestKey(section: Section, key: string): string | undefined {
  const sections = [section, ...SECTIONS.filter((other) => other !== section)];
  // Above any section there are other programs' words, which Kapacitor does not mind.
  const called = section === '' ? undefined : settingCalled(key)?.key;
  const keys = sections.flatMap(keysOf);
  const meant = called === undefined || keys.includes(key) ? suggest(key, keys) : called;
  const home = sections.find((each) => meant !== undefined && keysOf(each).includes(meant));
  return home === undefined || home === section ? meant : `[${home}] ${meant}`;
}
