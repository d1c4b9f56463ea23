import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/*
 * Runs schemathesis against the example server: thousands of requests that follow the document of the API, and others that do
 * not. The environment's SCHEMATHESIS names the program. Arguments go to `schemathesis run`.
 */
const PROGRAM = process.env['SCHEMATHESIS'] ?? 'schemathesis';
const ADMIN = { name: 'admin', password: 'adminPassword' };
const SETTINGS = fileURLToPath(new URL('./schemathesis.toml', import.meta.url));
const SERVER = fileURLToPath(new URL('../../examples/server.ts', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'kapacitor-auth-schemathesis-'));
const configuration = join(folder, 'kapacitor.conf');
writeFileSync(
  configuration,
  `[http]
bind-address = "127.0.0.1:0"
auth-enabled = true
sessions = true

[auth]
enabled = true
store = "memory:"
bcrypt-cost = 4
failure-limit = 0
admin-username = "${ADMIN.name}"
admin-password = "${ADMIN.password}"
audit-log = "${join(folder, 'audit.log')}"
`,
  { mode: 0o600 },
);
const server = spawn(process.execPath, ['--import', 'tsx', SERVER, '-config', configuration], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  const url = await listening();
  const location = `${url}/kapacitor/v1/openapi.json`;
  const credentials = ['--auth', `${ADMIN.name}:${ADMIN.password}`];
  const args = ['--config-file', SETTINGS, 'run', location, ...credentials, ...process.argv.slice(2)];
  const { status, error } = spawnSync(PROGRAM, args, { cwd: folder, stdio: 'inherit' });
  if (error) throw new Error(`${PROGRAM} cannot be run: pip install schemathesis`, { cause: error });
  process.exitCode = status ?? 1;
} finally {
  server.kill();
  rmSync(folder, { recursive: true });
}

/** The address of the server, from what it prints when it listens. */
async function listening(): Promise<string> {
  for await (const line of createInterface({ input: server.stdout })) {
    const [, url] = /^Listening on (\S+)/.exec(line) ?? [];
    if (url !== undefined) return url;
  }
  throw new Error('the example server has ended');
}
