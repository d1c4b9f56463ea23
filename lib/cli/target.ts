import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { didYouMean } from '../argument-checks.js';
import { booleanKind, storeKind } from '../config/kinds.js';
import type { Environment } from '../config/setting.js';
import { DATA_DIR, DEFAULT_STORE_FILE } from '../config/settings.js';
import { meantStore } from '../stores/address.js';
import { UsageError } from './cli-error.js';

/** The options that choose the users. Every command has them. */
export interface TargetOptions {
  readonly url?: string;
  readonly skipVerify?: boolean;
  readonly store?: string;
  readonly config?: string;
}

/** A server with a users API. */
export interface ServerTarget {
  readonly kind: 'server';
  readonly address: ServerAddress;
  readonly skipVerify: boolean;
}

/** A store, and a configuration with the rules for its users. */
export interface StoreTarget {
  readonly kind: 'store';
  /** The path of the config file, if there is one. */
  readonly file: string | undefined;
  /** Whether the file, or without one the default store, was found in the working directory, and not named. */
  readonly isFound: boolean;
  /** The value of `--store`. Undefined: the configuration names the store, or has the default one. */
  readonly store: string | undefined;
}

export type Target = ServerTarget | StoreTarget;

const DEFAULT_FILE = 'kapacitor.conf';

export const MEMORY_STORE: string =
  'memory: is the memory of a server. Name that server with --url http://USER@HOST:9092';

/**
 * Chooses the users of a command. Options come before the environment: `--url`, `--store` or `--config`, then
 * KAPACITOR_URL, KAPACITOR_CONFIG_PATH, `kapacitor.conf` in the working directory, and KAPACITOR_AUTH_STORE. At last comes
 * the store that `kapacitorAuth()` has made in the working directory.
 *
 * @throws {UsageError} nothing names the users, or two options contradict each other
 */
export function chooseTarget(options: TargetOptions, environment: Environment, folder: string): Target {
  const { url, store, config } = options;
  if (url !== undefined && (store ?? config) !== undefined) {
    throw new UsageError('--url names a server, and --store and --config a store: leave one of them out');
  }
  if (url !== undefined) return server(url, '--url', options, environment);
  const variable = environment['KAPACITOR_URL'];
  if (store === undefined && config === undefined && variable) {
    return server(variable, 'KAPACITOR_URL', options, environment);
  }
  return chooseStore(options, environment, folder);
}

/**
 * Chooses the store of a command that works on stores only. Such a command ignores KAPACITOR_URL.
 *
 * @throws {UsageError} a server is named, or no store is
 */
export function chooseStore(options: TargetOptions, environment: Environment, folder: string): StoreTarget {
  const target = chooseConfig(options, environment, folder);
  if (target.store !== undefined || target.file !== undefined || environment['KAPACITOR_AUTH_STORE']) return target;
  if (isDefaultStoreThere(environment, folder)) return { ...target, isFound: true };
  throw new UsageError(
    'name the users: a store with --store sqlite:FILE or --store postgres://USER:PASSWORD@HOST/DATABASE, ' +
      'a config file with --config FILE, or a server with --url http://USER@HOST:9092. ' +
      `This folder has neither ${DEFAULT_FILE} nor ${DEFAULT_STORE_FILE}`,
  );
}

/** With a `data_dir` the default store is not in the working directory. */
function isDefaultStoreThere(environment: Environment, folder: string): boolean {
  return !DATA_DIR.variables.some((name) => environment[name]) && existsSync(resolve(folder, DEFAULT_STORE_FILE));
}

/** Chooses the configuration of a command that needs no store. There may be neither a file nor a store. */
export function chooseConfig(options: TargetOptions, environment: Environment, folder: string): StoreTarget {
  const { url, store, config } = options;
  if (url !== undefined) throw new UsageError('this command works on a store, and not on a server: leave out --url');
  if (store !== undefined) checkStore(store);
  const named = config ?? (store === undefined ? environment['KAPACITOR_CONFIG_PATH'] || undefined : undefined);
  const found = store === undefined && named === undefined ? defaultFile(folder) : undefined;
  return { kind: 'store', store, file: named ?? found, isFound: found !== undefined };
}

function defaultFile(folder: string): string | undefined {
  const file = resolve(folder, DEFAULT_FILE);
  return existsSync(file) ? file : undefined;
}

function server(url: string, source: string, { skipVerify }: TargetOptions, environment: Environment): ServerTarget {
  const address = parseServerUrl(url, source);
  const unsafe = environment['KAPACITOR_UNSAFE_SSL'];
  const isUnsafe = unsafe ? booleanKind.fromText(unsafe) : false;
  const skips = skipVerify ?? isUnsafe;
  if (skips === undefined) throw new UsageError('KAPACITOR_UNSAFE_SSL must be true or false');
  return { kind: 'server', address, skipVerify: skips };
}

function checkStore(store: string): void {
  const meant = meantStore(store);
  if (meant === 'memory:') {
    throw new UsageError(MEMORY_STORE);
  }
  if (storeKind.fromText(store) === undefined) {
    // The value is not repeated: it may contain a password.
    throw new UsageError(
      '--store must be sqlite:FILE or postgres://USER:PASSWORD@HOST/DATABASE, where the password is percent-encoded' +
        didYouMean(meant),
    );
  }
}

/** The address of a server, and the credentials for it. */
export interface ServerAddress {
  /**
   * Without credentials and without a slash at the end. Safe in messages. A path is either the prefix of the server's
   * `/kapacitor/v1`, or the server's `http.apiPath`.
   */
  readonly base: string;
  /** Undefined: no credentials are sent. Empty with a key as the password. */
  readonly user: string | undefined;
  /** Undefined: a prompt asks for it. */
  readonly password: string | undefined;
}

/**
 * Parses `http://USER:PASSWORD@HOST:9092`.
 *
 * @param source the option or the variable, for messages. The URL may contain a password, and is not repeated.
 * @throws {UsageError} the URL is invalid
 */
export function parseServerUrl(text: string, source: string): ServerAddress {
  const expected = `${source} must be a URL such as http://USER@HOST:9092 or https://USER:PASSWORD@HOST:9092`;
  const encoded = 'Percent-encode characters such as @ / : # % in a name or a password: %40 %2F %3A %23 %25';
  if (!/^https?:\/\//i.test(text)) throw new UsageError(expected);
  const [, authority = '', rest = ''] = /^[^:]+:\/\/([^/?#]*)(.*)$/s.exec(text) ?? [];
  // A part of a password that is not encoded would be taken for the host or the path.
  if (/@.*@/s.test(authority) || rest.includes('@') || !URL.canParse(text)) {
    throw new UsageError(`${expected}. ${encoded}`);
  }
  const { origin, pathname, username, password } = new URL(text);
  try {
    return {
      base: origin + pathname.replace(/\/+$/, ''),
      user: username === '' && password === '' ? undefined : decodeURIComponent(username),
      password: password === '' ? undefined : decodeURIComponent(password),
    };
  } catch {
    throw new UsageError(`${expected}. ${encoded}`);
  }
}
