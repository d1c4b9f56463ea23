import { didYouMean, suggest } from '../argument-checks.js';
import { ConfigError } from '../errors.js';
import { describeType } from '../safe-text.js';
import { Layer, mustBe } from './layer.js';
import { ALLOWED_HOSTS, SECTIONS, SETTINGS, type Setting } from './settings.js';
import { settingCalled } from './synonyms.js';
import { propertiesOf } from './vocabulary.js';

type NamedSection = (typeof SECTIONS)[number];

const EXPECTED = 'the configuration must be an object such as { http: { … }, auth: { … } }';

/** What code says: `{ http: { authEnabled: true }, auth: { … } }`. It is read once and not kept. */
export function readCode(config: unknown, folder: string): Layer {
  const layer = new Layer(folder);
  for (const [name, options] of entries(config, EXPECTED, layer, SETTINGS)) {
    const section = SECTIONS.find((known) => known === name);
    if (section === undefined) {
      layer.complain(`${name} is not known${didYouMean(suggest(name, SECTIONS) ?? suggestProperty(name))}`, SETTINGS);
    } else {
      readProperties(layer, section, undefined, options);
    }
  }
  return layer;
}

/**
 * What code sets `auth.allowedHosts` to, while the app runs.
 *
 * @throws {ConfigError} it is no such list; says what to write
 */
export function readAllowedHosts(value: unknown): readonly string[] | undefined {
  if (value === undefined) return undefined;
  const hosts = ALLOWED_HOSTS.kind.fromValue(value);
  if (hosts === undefined) throw new ConfigError(`allowedHosts: ${mustBe(ALLOWED_HOSTS, value)}`);
  return hosts;
}

/** Those of a section, or of a group in it: of an object such as `auth.admin`. */
function readProperties(layer: Layer, section: NamedSection, group: string | undefined, options: unknown): void {
  const home = group === undefined ? section : `${section}.${group}`;
  const possible = SETTINGS.filter((setting) => setting.section === section);
  for (const [name, value] of entries(options, `${home} must be an object`, layer, possible)) {
    const isKnown = propertiesOf(section, group).includes(name);
    const property = group === undefined ? name : `${group}.${name}`;
    const setting = possible.find((known) => known.property === property);
    const subject = `${home}.${name}`;
    if (!isKnown) {
      const hint = didYouMean(
        group === undefined ? suggestProperty(name, section) : suggestInside(section, group, name),
      );
      const all = `: ${home} has ${propertiesOf(section, group).join(', ')}`;
      layer.complain(`${subject} is not known${hint || all}`, possible);
    } else if (setting === undefined) {
      readProperties(layer, section, name, value);
    } else {
      const { kind } = setting;
      const valid = kind.fromCode === undefined ? kind.fromValue(value) : kind.fromCode(value);
      if (valid === undefined) layer.refuse(setting, `${subject}: ${mustBe(setting, value)}`);
      else layer.set(setting, valid, { from: 'code', subject });
    }
  }
}

/** The object's own properties. Undefined is the same as absent. */
function entries(value: unknown, expected: string, layer: Layer, doubtful: readonly Setting[]): [string, unknown][] {
  if (value === undefined) return [];
  // A map, a promise or a URL has no properties of its own: it would count as empty, and what it says be ignored.
  if (Object.prototype.toString.call(value) === '[object Object]') {
    return Object.entries(value as object).filter(([, each]) => each !== undefined);
  }
  layer.complain(`${expected}, not ${describeType(value)}`, doubtful);
  return [];
}

/** `http.authEnabled` for `authEnable`; of two that are equally near, the one of this section. */
function suggestProperty(property: string, section: NamedSection = 'http'): string | undefined {
  const sections = [section, ...SECTIONS.filter((other) => other !== section)];
  const properties = sections.flatMap((each) => propertiesOf(each));
  const called = properties.includes(property) ? undefined : settingCalled(property);
  if (called?.property !== undefined) return `${called.section}.${called.property}`;
  const meant = suggest(property, properties);
  const home = sections.find((each) => meant !== undefined && propertiesOf(each).includes(meant));
  return home && `${home}.${meant}`;
}

function suggestInside(section: NamedSection, group: string, property: string): string | undefined {
  const called = settingCalled(property)?.property;
  if (called?.startsWith(`${group}.`)) return `${section}.${called}`;
  const meant = suggest(property, propertiesOf(section, group));
  return meant && `${section}.${group}.${meant}`;
}
