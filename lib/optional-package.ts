import requirePackage from './require-package.cjs';

/** The packages that are loaded only when a feature needs them. */
export type OptionalPackage =
  | '@opentelemetry/api-logs'
  | 'better-sqlite3'
  | 'http-proxy-middleware'
  | 'pg'
  | 'prom-client';

/**
 * The major version to install, where the newest one does not run everywhere: better-sqlite3 13 crashes on Node.js 20, and
 * http-proxy-middleware 4 needs Node.js 22.15.
 */
const MAJOR_VERSION: { readonly [Name in OptionalPackage]?: number } = {
  'better-sqlite3': 12,
  'http-proxy-middleware': 3,
};

type LoadError = new (message: string, options: ErrorOptions) => Error;

/**
 * Loads an optional package.
 *
 * @param need the beginning of the error's message, such as `metrics need`
 * @throws {LoadError} The package is missing: the message says how to install it. Or it cannot be loaded: the message has
 *   the reason. `cause` is the error of `require()`.
 */
export function loadPackage<Package>(name: OptionalPackage, need: string, LoadError: LoadError): Package {
  const outcome = requirePackage(name);
  if ('loaded' in outcome) return outcome.loaded as Package;
  const { error } = outcome;
  const message = isMissing(name, error)
    ? `${need} the package ${name}, which is not installed: npm install ${specifierOf(name)}`
    : `${need} the package ${name}, which cannot be loaded: ${firstLineOf(error)} (in a bundle, keep ${name} external, ` +
      'and give an ES module require(); elsewhere, delete node_modules and install again on this machine)';
  throw new LoadError(message, { cause: error });
}

function specifierOf(name: OptionalPackage): string {
  const major = MAJOR_VERSION[name];
  return major === undefined ? name : `${name}@${major}`;
}

/** An installed package may lack another one. That error has the same code, but the other name. */
function isMissing(name: OptionalPackage, error: unknown): boolean {
  const { code, message } = Object(error) as { readonly code?: unknown; readonly message?: unknown };
  return code === 'MODULE_NOT_FOUND' && /['"]([^'"]+)['"]/.exec(String(message))?.[1] === name;
}

/** The message of an error without the list of tried files that native packages append. `cause` keeps it. */
function firstLineOf(error: unknown): string {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return line;
}
