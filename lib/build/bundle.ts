import { fileURLToPath } from 'node:url';
import { type OutputChunk, rolldown } from 'rolldown';
import packageJson from '../../package.json' with { type: 'json' };

/** These packages are installed along with this one. Node's own modules are external without being named. */
const EXTERNAL = [...Object.keys(packageJson.dependencies), ...Object.keys(packageJson.peerDependencies)];

/**
 * Writes the implementation, as CommonJS. What several entries share is in files of its own, so that there is one of
 * each class. A package that is not a dependency is included.
 *
 * @param programs entries besides those of the package, such as the specs run in processes of their own
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
      // A program of its own, beside the code that starts it.
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
    // A class is called what it is in the source, also where two files have one of that name.
    keepNames: true,
  });
  await bundle.close();
  return output.filter((file) => file.type === 'chunk');
}
