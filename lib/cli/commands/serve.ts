import type { Command } from 'commander';
import type { Session } from '../session.js';
import { parseUpstream } from './serve-options.js';
import type { ServeOptions } from './serving.js';

/** `serve`: a gateway with users and permissions in front of a server without any. */
export function addServe(program: Command, session: Session): void {
  program
    .command('serve')
    .description('put users and permissions in front of a server that has none')
    .option('--upstream <URL>', 'the server behind, such as http://localhost:9093; required', parseUpstream)
    .option(
      '--trust-proxy <PROXIES>',
      'the proxies in front: their number, or their addresses, such as loopback or 10.0.0.0/8',
    )
    .action(async (options: ServeOptions) => {
      // Loading the gateway and Express takes longer than the whole start of another command.
      const { serve } = await import('./serving.js');
      await serve(session, options);
    });
}
