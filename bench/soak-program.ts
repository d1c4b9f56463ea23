import { fileURLToPath } from 'node:url';

/** The command that runs a program of the soak, in whatever folder. */
export function commandOf(program: string, nodeOptions: readonly string[] = []): [string, ...string[]] {
  const path = fileURLToPath(new URL(program, import.meta.url));
  return [process.execPath, '--import', import.meta.resolve('tsx'), '--no-warnings', ...nodeOptions, path];
}
