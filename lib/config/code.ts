import { kindOf } from '../described-value.js';
import { didYouMean, suggest } from '../suggestion.js';
import { Layer, mustBe } from './layer.js';
import { SECTIONS, SETTINGS, type Setting } from './settings.js';
import { propertiesOf } from './vocabulary.js';

type NamedSection = (typeof SECTIONS)[number];

const EXPECTED = 'the configuration must be an object such as { http: { … }, auth: { … } }';

/** What code says: `{ http: { authEnabled: true }, auth: { … } }`. It is read once and not kept. */
export function readCode(config: unknown, folder: string): Layer {
  const layer = new Layer(folder);
  for (const [name, options] of entries(config, EXPECTED, layer, SETTINGS)) {
    const section = SECTIONS.find((known) => known === name);
    if (section === undefined) {
      complain(layer, SETTINGS, `${name} is not known${didYouMean(suggest(name, SECTIONS) ?? suggestProperty(name))}`);
    } else {
      readProperties(layer, section, undefined, options);
    }
  }
  return layer;
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
      complain(layer, possible, `${subject} is not known${hint || all}`);
    } else if (setting === undefined) {
      readProperties(layer, section, name, value);
    } else {
      const { kind } = setting;
      const valid = kind.fromCode === undefined ? kind.fromValue(value) : kind.fromCode(value);
      if (valid === undefined) complain(layer, [setting], `${subject}: ${mustBe(setting, value)}`);
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
  complain(layer, doubtful, `${expected}, not ${kindOf(value)}`);
  return [];
}

/** Of something that is not known, any of the settings that are near may have been meant. */
function complain(layer: Layer, doubtful: readonly Setting[], problem: string): void {
  layer.problems.push(problem);
  layer.doubt(doubtful);
}

/** `http.authEnabled` for `authEnable`; of two that are equally near, the one of this section. */
function suggestProperty(property: string, section: NamedSection = 'http'): string | undefined {
  const sections = [section, ...SECTIONS.filter((other) => other !== section)];
  const meant = suggest(
    property,
    sections.flatMap((each) => propertiesOf(each)),
  );
  const home = sections.find((each) => meant !== undefined && propertiesOf(each).includes(meant));
  return home && `${home}.${meant}`;
}

function suggestInside(section: NamedSection, group: string, property: string): string | undefined {
  const meant = suggest(property, propertiesOf(section, group));
  return meant && `${section}.${group}.${meant}`;
}
