import { didYouMean, suggest } from '../argument-checks.js';
import { boolean } from './kinds.js';
import { Layer, mustBe } from './layer.js';
import { SECTIONS, SETTINGS } from './settings.js';
import { settingCalled } from './synonyms.js';
import { knownVariables, META_SERVER, NO_META_SERVER } from './vocabulary.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What the environment says: `KAPACITOR_AUTH_BCRYPT_COST` and the like. To Kapacitor an empty one is not set. */
export function readEnvironment(environment: Environment, folder: string): Layer {
  const layer = new Layer(folder);
  for (const setting of SETTINGS) {
    const set = setting.variables.filter((variable) => environment[variable]);
    const values = new Set(set.map((variable) => environment[variable]));
    const variable = set[0];
    if (variable === undefined) continue;
    if (values.size > 1) {
      layer.refuse(setting, `${set.join(' and ')} are both set, to different values: unset one`);
    }
    const value = setting.kind.fromText(environment[variable] as string);
    if (value === undefined) layer.refuse(setting, `${variable}: ${mustBe(setting, environment[variable])}`);
    else layer.set(setting, value, { from: variable, subject: variable });
  }
  refuseMetaServer(layer, environment);
  return layer;
}

function refuseMetaServer(layer: Layer, environment: Environment): void {
  const set = META_SERVER.variables.filter((variable) => {
    const value = environment[variable];
    return value && boolean.fromText(value) !== false;
  });
  if (set.length === 0) return;
  const them = set.length === 1 ? 'it' : 'them';
  layer.refuse(META_SERVER, `${set.join(', ')}: ${NO_META_SERVER}: unset ${them}, and keep the users in [auth] store`);
}

/**
 * Variables that look like a misspelt one of ours. Only a warning: the environment belongs to others as well, and
 * Kubernetes puts names there of its own making.
 */
export function misspeltVariables(environment: Environment): string[] {
  const known = knownVariables();
  return Object.keys(environment)
    .filter((variable) => !known.includes(variable))
    .map((variable) => ({ variable, meant: suggestVariable(variable, known) }))
    .filter(({ meant }) => meant !== undefined)
    .map(({ variable, meant }) => `the environment variable ${variable} is not known${didYouMean(meant)}`);
}

/** What Kubernetes adds to a service's name: https://kubernetes.io/docs/concepts/services-networking/service/ */
const KUBERNETES = /^(?:SERVICE_)?(?:HOST|PORT)(?:_|$)/;

/**
 * Section and name are compared each for itself: as a whole, `KAPACITOR_SMTP_ENABLED` would be near to
 * `KAPACITOR_AUTH_ENABLED`.
 */
function suggestVariable(variable: string, known: readonly string[]): string | undefined {
  const [, section, name] = /^KAPACITOR_([^_]+)_(.+)$/.exec(variable) ?? [];
  if (!section || !name || suggest(section, SECTIONS) === undefined || KUBERNETES.test(name)) return undefined;
  const called = settingCalled(name);
  if (called !== undefined) return called.variables[0];
  const names = known.map((each) => each.replace(/^KAPACITOR_(?:AUTH|HTTP)_/, ''));
  const meant = suggest(name, names);
  return meant && known[names.indexOf(meant)];
}
