import { join } from 'node:path';
import { kapacitorAuth } from 'kapacitor-auth';
import { Example, temporaryFolder, writeFile } from './child.js';

/** Makes a folder with a kapacitor.conf, where jane may read everything and sensor may only write points. */
export async function folderWithUsers(): Promise<string> {
  const folder = temporaryFolder();
  writeFile(folder, 'kapacitor.conf', [
    'data_dir = "data"',
    '[http]',
    'auth-enabled = true',
    '[auth]',
    'enabled = true',
    'bcrypt-cost = 4',
  ]);
  const { users, close } = kapacitorAuth({
    auth: { store: `sqlite:${join(folder, 'data', 'auth', 'users.db')}`, bcryptCost: 4 },
  });
  await users.create({ name: 'jane', password: 'janePassword', permissions: ['api'] });
  await users.create({ name: 'sensor', password: 'sensorPassword', permissions: ['write_points'] });
  await close();
  return folder;
}

/** Runs an example in a {@link folderWithUsers}. */
export async function startWithUsers(file: URL): Promise<{ readonly example: Example; readonly port: number }> {
  const folder = await folderWithUsers();
  const example = new Example(file, { cwd: folder, env: { PORT: '0' } });
  const [, port] = await example.printed(/http:\/\/localhost:(\d+)/);
  return { example, port: Number(port) };
}
