import type { OptionalPackage } from './optional-package.js' with { 'resolution-mode': 'import' };

/** Calls `require()`, and gives what came of it. */
declare function requirePackage(name: OptionalPackage): { readonly loaded: unknown } | { readonly error: unknown };

export = requirePackage;
