import { UsageError } from './cli-error.js';

/** Options of ours that begin as one for a password would. */
const HARMLESS = /^--?(?:permission|password-stdin|password-file)(?:=|$)/;
/** `--password x`, `--pass=x`, `-p x`, and `-px` as MySQL has it. */
const PASSWORD_OPTION = /^--?p(?:w|wd|ass(?:wd|word|phrase)?)?(?:[=:].*)?$|^-p/is;

export const NO_PASSWORD_ARGUMENTS: string =
  'a password is never an argument: others on this machine can see those, and the shell remembers them. ' +
  'Leave it out to be asked for it, or use --password-stdin or --password-file FILE';

/**
 * Makes the options of Kapacitor's own command line, which is a Go program, such as they are here: `-url`, `-config`
 * and `-skipVerify=true` are `--url`, `--config` and `--skip-verify`.
 *
 * @throws {UsageError} one of them is a password
 */
export function normalizeArguments(args: readonly string[]): string[] {
  const end = args.indexOf('--');
  const options = end === -1 ? args : args.slice(0, end);
  if (options.some((arg) => PASSWORD_OPTION.test(arg) && !HARMLESS.test(arg))) {
    throw new UsageError(NO_PASSWORD_ARGUMENTS);
  }
  const normalized = options.flatMap((arg) => {
    const long = arg.replace(/^-(?=[a-z]{2})/i, '--');
    const [, isSet] = /^--skip-?verify(?:=(.*))?$/i.exec(long) ?? [];
    if (!/^--skip-?verify(?:=|$)/i.test(long)) return [long];
    return isSet === undefined || /^(?:1|t|true)$/i.test(isSet) ? ['--skip-verify'] : [];
  });
  return [...normalized, ...args.slice(options.length)];
}
