import { kindOf, Layer, mustBe } from './layer.js';
import { propertiesOf, SECTIONS, SETTINGS } from './settings.js';
import { didYouMean, suggest } from './suggestion.js';

const EXPECTED = 'the configuration must be an object such as { http: { … }, auth: { … } }';

/** What code says: `{ http: { authEnabled: true }, auth: { … } }`. It is read once and not kept. */
export function readCode(config: unknown, folder: string): Layer {
  const layer = new Layer(folder);
  for (const [name, options] of entries(config, EXPECTED, layer)) {
    const section = SECTIONS.find((known) => known === name);
    if (section === undefined) {
      layer.problems.push(`${name} is not known${didYouMean(suggest(name, SECTIONS) ?? suggestProperty(name))}`);
      continue;
    }
    for (const [property, value] of entries(options, `${section} must be an object`, layer)) {
      const setting = SETTINGS.find((known) => known.section === section && known.property === property);
      if (setting === undefined) {
        const hint =
          didYouMean(suggestProperty(property, section)) || `: ${section} has ${propertiesOf(section).join(', ')}`;
        layer.problems.push(`${section}.${property} is not known${hint}`);
        continue;
      }
      const { kind } = setting;
      const valid = kind.fromCode === undefined ? kind.fromValue(value) : kind.fromCode(value);
      if (valid === undefined) layer.problems.push(`${section}.${property}: ${mustBe(setting, value)}`);
      else layer.set(setting, valid);
    }
  }
  return layer;
}

/** The object's own properties. Undefined is the same as absent. */
function entries(value: unknown, expected: string, layer: Layer): [string, unknown][] {
  if (value === undefined) return [];
  // A map, a promise or a URL has no properties of its own: it would count as empty, and what it says be ignored.
  if (Object.prototype.toString.call(value) === '[object Object]') {
    return Object.entries(value as object).filter(([, each]) => each !== undefined);
  }
  layer.problems.push(`${expected}, not ${kindOf(value)}`);
  return [];
}

/** `http.authEnabled` for `authEnable`; of two that are equally near, the one of this section. */
function suggestProperty(property: string, section: (typeof SECTIONS)[number] = 'http'): string | undefined {
  const sections = [section, ...SECTIONS.filter((other) => other !== section)];
  const meant = suggest(property, sections.flatMap(propertiesOf));
  const home = sections.find((each) => meant !== undefined && propertiesOf(each).includes(meant));
  return home && `${home}.${meant}`;
}
