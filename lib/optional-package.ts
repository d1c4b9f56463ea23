import requirePackage from './require-package.cjs';

/** The packages that are loaded when something needs them, and not before. */
export type OptionalPackage = '@opentelemetry/api-logs' | 'better-sqlite3' | 'pg' | 'prom-client';

/** The major version to install, for a package whose newest one does not run everywhere: 13 crashes on Node.js 20. */
const MAJOR_VERSION: { readonly [Name in OptionalPackage]?: number } = { 'better-sqlite3': 12 };

type LoadError = new (message: string, options: ErrorOptions) => Error;

/**
 * Loads a package when something needs it.
 *
 * @param need the beginning of the error's message, such as `metrics need`
 * @throws {LoadError} For a missing package it names the package to install. For a package that cannot be loaded for
 *   another reason it gives that reason. `cause` is what `require()` threw.
 */
export function loadPackage<Package>(name: OptionalPackage, need: string, LoadError: LoadError): Package {
  const outcome = requirePackage(name);
  if ('loaded' in outcome) return outcome.loaded as Package;
  const { error } = outcome;
  const message = isMissing(name, error)
    ? `${need} the package ${name}, which is not installed: npm install ${specifierOf(name)}`
    : `${need} the package ${name}, which cannot be loaded: ${reasonOf(error)} (in a bundle, keep ${name} external, ` +
      'and give an ES module require(); elsewhere, delete node_modules and install again on this machine)';
  throw new LoadError(message, { cause: error });
}

function specifierOf(name: OptionalPackage): string {
  const major = MAJOR_VERSION[name];
  return major === undefined ? name : `${name}@${major}`;
}

/** An installed package may miss another one. Its error has the same code, and the other name. */
function isMissing(name: OptionalPackage, error: unknown): boolean {
  const { code, message } = Object(error) as { readonly code?: unknown; readonly message?: unknown };
  return code === 'MODULE_NOT_FOUND' && /['"]([^'"]+)['"]/.exec(String(message))?.[1] === name;
}

/** The first line. Native packages add a list of the files that they tried, which `cause` has. */
function reasonOf(error: unknown): string {
  const [reason = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return reason;
}
