import { createRequire } from 'node:module';
import { StoreError } from '../../errors.js';

/**
 * Loaded when it is asked for: an app with a repository of its own can do without it.
 *
 * @throws {StoreError} that says what to install
 */
export function loadLmdb(): typeof import('lmdb') {
  try {
    return createRequire(import.meta.url)('lmdb');
  } catch (error) {
    throw new StoreError(
      'the store "lmdb:" needs the package lmdb, which cannot be loaded: npm install lmdb (or, if it is installed, ' +
        'reinstall it without --omit=optional, so that it has its binary for this platform)',
      { cause: error },
    );
  }
}
