import { hash as digest } from 'node:crypto';

/** A key of 44 characters for what a client sends, which may have thousands. */
export function shortKey(...parts: readonly string[]): string {
  return digest('sha256', parts.join('\n'), 'base64');
}
