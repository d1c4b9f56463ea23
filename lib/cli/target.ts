import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { didYouMean } from '../argument-checks.js';
import { booleanKind, storeKind } from '../config/kinds.js';
import type { Environment } from '../config/setting.js';
import { meantStore } from '../stores/address.js';
import { UsageError } from './cli-error.js';
import { parseServerUrl, type ServerAddress } from './server-address.js';

/** The options of every command that say whose users it is about. */
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

/** A store, and the rules for its users. */
export interface StoreTarget {
  readonly kind: 'store';
  /** The path of the config file, if there is one. */
  readonly file: string | undefined;
  /** Whether nobody has named the file, and the one in the working folder was found. */
  readonly isFound: boolean;
  /** What `--store` says; undefined: the configuration says it. */
  readonly store: string | undefined;
}

export type Target = ServerTarget | StoreTarget;

const DEFAULT_FILE = 'kapacitor.conf';

/**
 * Whose users a command is about. What was typed comes before the environment: `--url`, `--store` or `--config`, then
 * KAPACITOR_URL, KAPACITOR_CONFIG_PATH, `kapacitor.conf` in the working folder, and KAPACITOR_AUTH_STORE.
 *
 * @throws {UsageError} nothing says it, or two say different things
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
 * The store of a command that only works on one. KAPACITOR_URL is another command's to heed.
 *
 * @throws {UsageError} a server was named, or no store
 */
export function chooseStore(options: TargetOptions, environment: Environment, folder: string): StoreTarget {
  const target = chooseConfig(options, environment, folder);
  if (target.store !== undefined || target.file !== undefined || environment['KAPACITOR_AUTH_STORE']) return target;
  throw new UsageError(
    'where are the users? Name their store with --store sqlite:FILE or --store postgres://USER:PASSWORD@HOST/DATABASE, ' +
      'or a config file with --config FILE, or a server with --url http://USER@HOST:9092',
  );
}

/** The same for a command that needs nothing but the rules: it may be that nothing was named. */
export function chooseConfig(options: TargetOptions, environment: Environment, folder: string): StoreTarget {
  const { url, store, config } = options;
  if (url !== undefined) throw new UsageError('this command works on a store, and not on a server: leave out --url');
  if (store !== undefined) checkStore(store);
  const named = config ?? (store === undefined ? environment['KAPACITOR_CONFIG_PATH'] || undefined : undefined);
  const found = store === undefined && named === undefined ? findFile(folder) : undefined;
  return { kind: 'store', store, file: named ?? found, isFound: found !== undefined };
}

/** The config file that is meant if none is named. */
function findFile(folder: string): string | undefined {
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
    throw new UsageError('memory: is the memory of a server: name that server with --url http://USER@HOST:9092');
  }
  if (storeKind.fromText(store) === undefined) {
    // It may hold a password: no more is repeated than what was probably meant.
    throw new UsageError(
      '--store must be sqlite:FILE or postgres://USER:PASSWORD@HOST/DATABASE, where the password is percent-encoded' +
        didYouMean(meant),
    );
  }
}
