import { fileURLToPath } from 'node:url';
import { type OutputChunk, rolldown } from 'rolldown';
import packageJson from '../../package.json' with { type: 'json' };

/** The packages that are installed with this one. Node's own modules are external anyway. */
const EXTERNAL = [...Object.keys(packageJson.dependencies), ...Object.keys(packageJson.peerDependencies)];

/**
 * Writes the implementation as CommonJS. Code that several entries share goes into files of its own, so that each class
 * exists once. A package that is not a dependency is included.
 *
 * @param programs further entries, such as the programs of specs that run in processes of their own
 */
export async function bundleImplementation(
  dir = 'dist',
  programs: Readonly<Record<string, string>> = {},
): Promise<readonly OutputChunk[]> {
  const bundle = await rolldown({
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    input: {
      'lib/index': 'lib/index.ts',
      'lib/postgres': 'lib/postgres.ts',
      'lib/cli/bin': 'lib/cli/bin.ts',
      // The program of a thread. The code that starts it expects it in the same folder.
      'lib/shared/sqlite-writer-thread': 'lib/stores/sqlite/writer-thread.ts',
      'lib/stores/contract/index': 'lib/stores/contract/index.ts',
      ...programs,
    },
    platform: 'node',
    external: (id) => EXTERNAL.some((name) => id === name || id.startsWith(`${name}/`)),
  });
  const { output } = await bundle.write({
    dir,
    format: 'cjs',
    chunkFileNames: 'lib/shared/[name].js',
    // Classes keep their names, even if two files have one of the same name.
    keepNames: true,
  });
  await bundle.close();
  return output.filter((file) => file.type === 'chunk');
}
