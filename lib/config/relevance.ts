import { localScheme } from '../stores/address.js';
import { isWithoutUsers } from './checks.js';
import type { Choice } from './choice.js';
import type { Layer, Place, Problem } from './layer.js';
import type { ResolvedConfig } from './resolved.js';
import {
  ADMIN_PASSWORDS,
  ALLOWED_HOSTS,
  AUTH_ENABLED,
  BIND_ADDRESS,
  DATA_DIR,
  ENABLED,
  FAILURE_LIMIT,
  FAILURE_WINDOW,
  HTTPS_CERTIFICATE,
  HTTPS_ENABLED,
  HTTPS_PRIVATE_KEY,
  type Setting,
  SHARED_SECRET,
  STORE,
  STORE_GRACE,
} from './settings.js';

/** The settings that matter without users. */
const WITHOUT_USERS: readonly Setting[] = [
  ENABLED,
  AUTH_ENABLED,
  ALLOWED_HOSTS,
  BIND_ADDRESS,
  HTTPS_ENABLED,
  HTTPS_CERTIFICATE,
  HTTPS_PRIVATE_KEY,
];

/** A rule by which other settings, as they came out, take the effect of some settings away. */
interface Rule {
  readonly reason: string;
  readonly isAbout: (setting: Setting) => boolean;
  /** False where a setting that it depends on cannot be made out. */
  readonly holds: (config: ResolvedConfig, choice: Choice) => boolean;
}

const RULES: readonly Rule[] = [
  {
    reason: '[http] https-enabled is false',
    isAbout: isOneOf(HTTPS_CERTIFICATE, HTTPS_PRIVATE_KEY),
    holds: ({ http }, choice) => choice.isKnown(HTTPS_ENABLED) && http.https === undefined,
  },
  {
    reason: '[auth] failure-limit is 0',
    isAbout: isOneOf(FAILURE_WINDOW),
    holds: ({ auth }, choice) => choice.isKnown(FAILURE_LIMIT) && auth.failureLimit === 0,
  },
  {
    reason: '[auth] failure-window is 0',
    isAbout: isOneOf(FAILURE_LIMIT),
    holds: ({ auth }, choice) => choice.isKnown(FAILURE_WINDOW) && auth.failureWindow === 0,
  },
  {
    reason: '[auth] store says where the users are',
    isAbout: isOneOf(DATA_DIR),
    holds: (_config, choice) => choice.isSet(STORE),
  },
  {
    reason: 'the users are not in PostgreSQL',
    isAbout: isOneOf(STORE_GRACE),
    holds: ({ auth }, choice) => choice.isKnown(STORE) && localScheme(auth.store) !== undefined,
  },
  { reason: 'bearer tokens are not supported', isAbout: isOneOf(SHARED_SECRET), holds: () => true },
];

function isOneOf(...settings: readonly Setting[]): Rule['isAbout'] {
  return (setting) => settings.includes(setting);
}

/** The faults of a configuration, sorted. */
interface Judgement {
  /** Faults that stop a start. */
  readonly problems: string[];
  /** Faults that cannot matter; each text says why. */
  readonly warnings: string[];
}

/**
 * Sorts what is wrong with a configuration: a value that cannot matter, because its feature is off or something
 * overrides it, never stops a start. The layers forgive such values.
 *
 * @param together what is wrong with settings that are right each for itself
 * @param heeded settings that matter without users as well
 */
export function judge(
  layers: readonly Layer[],
  together: readonly Problem[],
  { config, choice, heeded }: { config: ResolvedConfig; choice: Choice; heeded: readonly Setting[] },
): Judgement {
  const judgement: Judgement = { problems: [], warnings: [] };
  const needsUsers: Rule = {
    reason: '[auth] enabled is false',
    isAbout: (setting) => ![...WITHOUT_USERS, ...heeded].includes(setting),
    holds: isWithoutUsers,
  };
  const whyWithoutEffect = (setting: Setting): string | undefined =>
    [needsUsers, ...RULES].find((rule) => rule.isAbout(setting) && rule.holds(config, choice))?.reason;
  const consider = ({ text, setting }: Problem, layer?: Layer): void => {
    const override = setting && layer && overrideOf(setting, layer, choice);
    const reason = override ? `${override.subject} overrides it` : setting && whyWithoutEffect(setting);
    if (setting === undefined || reason === undefined) {
      judgement.problems.push(text);
    } else {
      judgement.warnings.push(`${text} (ignored: ${reason})`);
      layer?.forgive(setting);
    }
  };
  for (const layer of layers) {
    for (const problem of layer.problems) consider(problem, layer);
  }
  for (const problem of together) consider(problem);
  return judgement;
}

function overrideOf(setting: Setting, layer: Layer, choice: Choice): Place | undefined {
  return choice.overrideOf(ADMIN_PASSWORDS.includes(setting) ? ADMIN_PASSWORDS : [setting], layer);
}
