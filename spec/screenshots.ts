import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import chromium from '@sparticuz/chromium';
import { type Browser, type Page, chromium as playwright } from 'playwright-core';
import sharp from 'sharp';

/*
 * Takes the pictures of the page for users in docs/images, from the example server: npm run screenshots
 */

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const IMAGES = join(ROOT, 'docs/images');
const MOST_BYTES = 40_000;
const ADMIN = { name: 'olga', password: 'a password for pictures' };

const CONFIG = `
[http]
  bind-address = "localhost:0"
  auth-enabled = true
  users-page = true
  realm = "Warehouse"
[auth]
  enabled = true
  store = "memory:"
  bcrypt-cost = 4
  admin-username = "${ADMIN.name}"
  admin-password = "${ADMIN.password}"
[permissions.clerk]
  "/orders" = ["read", "write"]
[permissions.keeper]
  "/secrets" = "all"
`;

const USERS = [
  { name: 'amir', permissions: ['clerk'], note: 'Day shift' },
  { name: 'berta', permissions: ['clerk', 'keeper'], note: 'Head of the warehouse' },
  { name: 'chen', permissions: ['clerk'], expires: '3d', note: 'Until the stocktaking is over' },
  { name: 'dana', permissions: ['clerk'], mustChangePassword: true },
  { name: 'elif', permissions: [], enabled: false, note: 'On leave' },
  { name: 'forklift-7', permissions: ['write_points'] },
  { name: 'forklift-8', permissions: ['write_points'] },
  { name: 'נועה', permissions: ['api'] },
];

const folder = mkdtempSync(join(tmpdir(), 'kapacitor-auth-screenshots-'));
const server = startServer();
let browser: Browser | undefined;
try {
  const url = await addressOf(server);
  await createUsers(url);
  mkdirSync(IMAGES, { recursive: true });
  browser = await playwright.launch({
    executablePath: process.env['CHROMIUM_PATH'] || (await chromium.executablePath()),
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
  const page = await browser.newPage({ viewport: { width: 1_120, height: 680 }, colorScheme: 'light' });
  await page.goto(`${url}/kapacitor/v1/admin`);
  await page.getByLabel('Name').fill(ADMIN.name);
  await page.getByLabel('Password').fill(ADMIN.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('row', { name: /forklift-8/ }).waitFor();
  await take(page, 'users-page.png');
  await page.goto(`${url}/kapacitor/v1/admin?view=access&name=amir&method=GET&path=/secrets`);
  await page.getByRole('heading', { name: /amir may not/ }).waitFor();
  await page.setViewportSize({ width: 1_120, height: 480 });
  await take(page, 'users-page-why.png');
} finally {
  await browser?.close();
  server.kill();
  rmSync(folder, { recursive: true });
}

/** Takes a picture, with a palette: the package contains it. */
async function take(page: Page, image: string): Promise<void> {
  const picture = await sharp(await page.screenshot())
    .png({ palette: true, dither: 0, effort: 10 })
    .toBuffer();
  if (picture.length > MOST_BYTES) throw new Error(`${image} has ${picture.length} bytes: ${MOST_BYTES} are allowed`);
  writeFileSync(join(IMAGES, image), picture);
  console.log(`${image}: ${picture.length} bytes`);
}

function startServer(): ChildProcess {
  const config = join(folder, 'kapacitor.conf');
  writeFileSync(config, CONFIG, { mode: 0o600 });
  const args = ['--import', 'tsx', join(ROOT, 'examples/server.ts'), '-config', config];
  return spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
}

/** The address that the server prints. */
function addressOf({ stdout }: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = '';
    stdout?.on('data', (chunk: Buffer) => {
      printed += chunk;
      const [, address] = /^Listening on (\S+)$/m.exec(printed) ?? [];
      if (address !== undefined) resolve(address);
    });
    stdout?.on('end', () => reject(new Error('the server has ended')));
  });
}

async function createUsers(url: string): Promise<void> {
  const credentials = Buffer.from(`${ADMIN.name}:${ADMIN.password}`).toString('base64');
  const operations = USERS.map((user) => ({ op: 'create', password: 'a password of theirs', ...user }));
  const response = await fetch(`${url}/kapacitor/v1/users/batch`, {
    method: 'POST',
    headers: { Authorization: `Basic ${credentials}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ operations }),
  });
  if (!response.ok) throw new Error(await response.text());
}
