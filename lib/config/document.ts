import { kindOf } from '../described-value.js';
import { didYouMean, suggest } from '../suggestion.js';
import { type Layer, mustBe, type Place } from './layer.js';
import type { Lines } from './lines.js';
import { AUTH_ENABLED, SECTIONS, SETTINGS, type Section, type Setting } from './settings.js';
import { inToml, isQuoted } from './syntax.js';
import { isMetaKey, keysOf, settingsMeantBy } from './vocabulary.js';

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
      const problem = `must be a section, with a line  [${section}]  above its settings, not ${kindOf(table)}`;
      this.#complain([section], undefined, problem);
      this.#layer.doubt(SETTINGS.filter((setting) => setting.section === section));
      return;
    }
    for (const [key, value] of Object.entries(table)) {
      const setting = SETTINGS.find((known) => known.section === section && known.key === key);
      if (setting !== undefined) this.#readValue(setting, value);
      else if (isMetaKey(section, key)) this.#readMeta(section, key, value);
      else if (!keysOf(section).includes(key)) {
        const hint = didYouMean(suggestKey(section, key)) || `: [${section}] has ${keysOf(section).join(', ')}`;
        this.#complain([section], key, `this key is not known${hint}`);
        this.#layer.doubt(settingsMeantBy([key]));
      }
    }
  }

  /** A key that was put before its section would leave the door open. */
  #readTopLevel(key: string, value: unknown): void {
    const setting = SETTINGS.find((known) => known.section === '' && known.key === key);
    const home = SECTIONS.find((section) => keysOf(section).includes(key));
    const meant = suggestKey('', key);
    if (setting !== undefined) this.#readValue(setting, value);
    else if (home !== undefined) this.#complain([], key, `belongs below [${home}]: move it there`);
    else if (meant !== undefined) this.#complain([], key, `this key is not known${didYouMean(meant)}`);
    if (setting === undefined && (home ?? meant) !== undefined) this.#layer.doubt(settingsMeantBy([key]));
  }

  /** So would a section with a slip in its name, and a switch put at the end of the file, in whatever is last there. */
  #checkOtherSection(path: readonly string[], value: unknown): void {
    const meant = path.length === 1 ? suggest(path.join(), SECTIONS) : undefined;
    if (meant !== undefined) {
      this.#complain(path, undefined, `this section is not known${didYouMean(`[${meant}]`)}`);
      this.#layer.doubt(SETTINGS.filter(({ section }) => section === meant));
    } else if (Array.isArray(value)) {
      for (const each of value) this.#checkOtherSection(path, each);
    } else if (isTable(value)) {
      for (const [key, inner] of Object.entries(value)) {
        if (key !== AUTH_ENABLED.key) this.#checkOtherSection([...path, key], inner);
        else {
          this.#complain(path, key, `belongs below [${AUTH_ENABLED.section}]: move it there`);
          this.#layer.doubt([AUTH_ENABLED]);
        }
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
    this.#complain(home, key, `${mustBe(setting, value)}${hint}`);
    this.#layer.doubt([setting]);
  }

  #readMeta(section: Section, key: string, value: unknown): void {
    if (value === '' || value === false) return;
    this.#complain(
      [section],
      key,
      'a meta server is not supported: remove the line, and keep the users in [auth] store',
    );
  }

  #complain(section: readonly string[], key: string | undefined, problem: string): void {
    this.#layer.problems.push(`${this.#place(section, key).subject}: ${problem}`);
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

/** `auth-enabled` for `auth_enabled`, or `[http] auth-enabled` if it is at home there. */
function suggestKey(section: Section, key: string): string | undefined {
  const sections = [section, ...SECTIONS.filter((other) => other !== section)];
  const meant = suggest(key, sections.flatMap(keysOf));
  const home = sections.find((each) => meant !== undefined && keysOf(each).includes(meant));
  return home === undefined || home === section ? meant : `[${home}] ${meant}`;
}
