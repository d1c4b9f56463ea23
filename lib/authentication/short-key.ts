import { hash as digest } from 'node:crypto';

/** A key of 44 characters for what a client sends, which may have thousands. Other parts make another key, wherever they are divided. */
export function shortKey(...parts: readonly string[]): string {
  return digest('sha256', JSON.stringify(parts), 'base64');
}
