import { ConfigError } from './errors.js';

/**
 * Refuses arguments that a function does not know: they would be ignored, and somebody counts on them.
 *
 * @param takes such as `an event and a listener`
 * @throws {ConfigError}
 */
export function refuseExtra(call: string, takes: string, extra: readonly unknown[]): void {
  if (extra.length > 0) throw new ConfigError(`${call} takes ${takes}, and no more arguments`);
}
