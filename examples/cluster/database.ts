import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { freePort, loadEmbeddedPostgres } from './embedded-postgres.js';

// npx tsx examples/cluster/database.ts [FOLDER] [--port PORT]
const { positionals, values } = parseArgs({ allowPositionals: true, options: { port: { type: 'string' } } });
const folder = resolve(positionals[0] ?? '.kapacitor-auth-postgres');
const port = Number(values.port ?? (await freePort()));

const isNew = !existsSync(join(folder, 'PG_VERSION'));
const passwordFile = join(folder, 'password');
const password = isNew ? randomBytes(18).toString('base64url') : readFileSync(passwordFile, 'utf8');

const { default: EmbeddedPostgres } = await loadEmbeddedPostgres();
const postgres = new EmbeddedPostgres({
  databaseDir: folder,
  user: 'postgres',
  password,
  port,
  persistent: true,
  // PostgreSQL refuses to run as root. Its own user must be able to reach the folder.
  createPostgresUser: process.getuid?.() === 0,
  initdbFlags: ['--encoding=UTF8', '--locale=C'],
  // Other programs on this machine cannot connect without the password.
  postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
  onLog: (text) => {
    if (/FATAL|PANIC/.test(text)) console.error(text.trim());
  },
});

// The parent process has ended. embedded-postgres stops the database at SIGINT and SIGTERM.
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));

if (isNew) {
  await postgres.initialise();
  writeFileSync(passwordFile, password, { mode: 0o600 });
  writeFileSync(join(folder, '.gitignore'), '*\n');
}
// The reason of a failure has been printed already.
await postgres.start().catch(() => process.exit(1));

const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
if (process.send) process.send(url);
else console.log(`The database is ${url}`);
