import type { OptionalPackage } from './optional-package.js' with { 'resolution-mode': 'import' };

/** Returns the package, or the error of `require()`. */
declare function requirePackage(name: OptionalPackage): { readonly loaded: unknown } | { readonly error: unknown };

export = requirePackage;
