import { inspect } from 'node:util';
import { Layer, mustBe } from './layer.js';
import { SETTINGS } from './settings.js';
import { didYouMean, suggest } from './suggestion.js';

/** What code says: `{ http: { authEnabled: true }, auth: { … } }`. It is read once and not kept. */
export function readCode(config: unknown, folder: string): Layer {
  const layer = new Layer(folder);
  for (const [section, options] of entries(config, 'the configuration', layer)) {
    if (section !== 'http' && section !== 'auth') {
      layer.problems.push(`${section} is not known${didYouMean(suggest(section, ['http', 'auth']))}`);
      continue;
    }
    for (const [property, value] of entries(options, section, layer)) {
      const setting = SETTINGS.find((known) => known.section === section && known.property === property);
      if (setting === undefined) {
        layer.problems.push(`${section}.${property} is not known${didYouMean(suggestProperty(property))}`);
        continue;
      }
      const valid = setting.kind.fromValue(value);
      if (valid === undefined) layer.problems.push(`${section}.${property}: ${mustBe(setting, value)}`);
      else layer.set(setting, valid);
    }
  }
  return layer;
}

/** Undefined is the same as absent. */
function entries(value: unknown, what: string, layer: Layer): [string, unknown][] {
  if (value === undefined) return [];
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.entries(value).filter(([, each]) => each !== undefined);
  }
  layer.problems.push(`${what} must be an object, not ${inspect(value, { depth: 0 })}`);
  return [];
}

function suggestProperty(property: string): string | undefined {
  const names = SETTINGS.flatMap(({ section, property: name }) => (name === undefined ? [] : [`${section}.${name}`]));
  const name = suggest(
    property,
    names.map((each) => each.split('.')[1] as string),
  );
  return names.find((each) => each.split('.')[1] === name);
}
