import { PathReader } from '../authorization/paths.js';
import { ConfigError } from '../errors.js';
import { storeForDisplay } from '../safe-text.js';
import type { FirstAdmin } from '../users/first-admin.js';
import type { UserRepository } from '../users/repository.js';
import { adminProblems, chooseAdmin, firstAdmin } from './admin.js';
import { readConfigFile } from './file.js';
import { HTTP } from './http-settings.js';
import { Choice, type Layer } from './layers.js';
import type { KapacitorAuthConfig, ResolvedConfig } from './options.js';
import { chooseDefinitions, definitionWarnings, readDefinitions } from './permission-settings.js';
import { checkPublicEntries, publicWarnings } from './public-entries.js';
import { isWithoutUsers, judge, problemsBetween, warningsAbout } from './rules.js';
import type { Environment, Setting } from './setting.js';
import { AUTH, DATA_DIR } from './settings.js';
import { chooseSharedSecret, type SharedSecretReader, sharedSecretProblems } from './shared-secret.js';
import { readCode, readEnvironment } from './sources.js';
import { chooseSessions } from './users-page.js';

interface Resolution {
  readonly config: ResolvedConfig;
  /** The store to open, with its secrets. The configuration leaves them out because apps print it. */
  readonly store: string | UserRepository;
  /** The admin to make when the store has none, with a password, which the configuration leaves out as well. */
  readonly admin: FirstAdmin | undefined;
  /** The secret of JSON Web Tokens. Undefined: no token is accepted. */
  readonly readSharedSecret: SharedSecretReader | undefined;
  /** Warnings for the operator. */
  readonly warnings: readonly string[];
}

/**
 * Combines the sources of the configuration. Code comes before the environment, the environment before the file, and the
 * file before the defaults. With a file the defaults are Kapacitor's, except that new passwords have a minimum length.
 * Without a file authentication is on.
 *
 * @param source the path of a config file, or the configuration itself
 * @param code more configuration in code, which comes before `source`
 * @param heeded settings that matter to the caller without users as well
 * @throws {ConfigError} lists everything that is wrong, each with its place
 */
export function resolveConfig(
  source: string | KapacitorAuthConfig,
  code: KapacitorAuthConfig,
  environment: Environment,
  heeded: readonly Setting[] = [],
): Resolution {
  const { problems, cause, ...resolution } = settle(source, code, environment, heeded);
  if (problems.length > 0) throw new ConfigError(problems.join('\n'), cause === undefined ? {} : { cause });
  const { config, store, admin, readSharedSecret, warnings } = resolution;
  return { config, store, admin, readSharedSecret, warnings };
}

/** The configuration, and everything that is wrong with it. */
export interface Settlement extends Resolution {
  /** Each with its place. */
  readonly problems: readonly string[];
  /** The error for which the file could not be read. */
  readonly cause: unknown;
  /** The places of the settings. */
  readonly choice: Choice;
  /** A setting for each permission that a source defines. */
  readonly permissionSettings: readonly Setting[];
}

/** Works as {@link resolveConfig} and does not throw: a setting with a wrong value has its default. */
export function settle(
  source: string | KapacitorAuthConfig,
  code: KapacitorAuthConfig,
  environment: Environment,
  heeded: readonly Setting[] = [],
): Settlement {
  const hasFile = typeof source === 'string';
  const file = hasFile ? readConfigFile(source) : undefined;
  const inCode = hasFile ? [readCode(code)] : [readCode(code), readCode(source)];
  const layers: readonly Layer[] = [...inCode, readEnvironment(environment), ...(file === undefined ? [] : [file])];
  const choice = new Choice(layers, { hasFile, environment });
  choice.choose(DATA_DIR);
  const paths = new PathReader(choice.choose(HTTP.apiPath));
  const permissionSettings = readDefinitions(layers, paths);
  checkPublicEntries(layers, paths);
  const { httpsEnabled, httpsCertificate, httpsPrivateKey, sharedSecret, sharedSecretFile, ...http } =
    choice.chooseAll(HTTP);
  const { adminUsername, adminPassword, adminPasswordFile, ...auth } = choice.chooseAll(AUTH);
  const chosenAdmin = chooseAdmin(choice);
  const readSharedSecret = chooseSharedSecret(choice);
  const admin = auth.enabled ? firstAdmin(chosenAdmin, auth.minimumPasswordLength) : undefined;
  const privateKey = choice.record(HTTP.httpsPrivateKey, httpsPrivateKey || httpsCertificate);
  const shownStore = typeof auth.store === 'string' ? storeForDisplay(auth.store) : auth.store;
  const config: ResolvedConfig = {
    permissions: chooseDefinitions(permissionSettings, choice),
    http: {
      ...http,
      sessions: chooseSessions(choice, http),
      https: httpsEnabled ? { certificate: httpsCertificate, privateKey } : undefined,
    },
    auth: { ...auth, store: choice.record(AUTH.store, shownStore), admin: admin && { name: admin.name } },
  };
  const chosen = { config, choice };
  const { problems, warnings } = judge(layers, problemsBetween(chosen, environment), chosen, heeded);
  if (!isWithoutUsers(chosen)) {
    problems.push(...adminProblems(chosenAdmin, choice, auth.minimumPasswordLength), ...sharedSecretProblems(choice));
  }
  warnings.push(...layers.flatMap((layer) => layer.warnings), ...warningsAbout(chosen, environment));
  if (!isWithoutUsers(chosen)) {
    warnings.push(
      ...definitionWarnings(permissionSettings, choice, paths),
      ...publicWarnings(config.http, choice, paths),
    );
  }
  return {
    config,
    store: auth.store,
    admin,
    readSharedSecret,
    warnings,
    problems,
    cause: file?.cause,
    choice,
    permissionSettings: permissionSettings as readonly Setting[],
  };
}

/** The store that the config file leads to without code and environment. Undefined if the file alone has a problem. */
export function storeOfFile(file: string | undefined): string | UserRepository | undefined {
  if (file === undefined) return undefined;
  try {
    return resolveConfig(file, {}, {}).config.auth.store;
  } catch {
    return undefined;
  }
}
