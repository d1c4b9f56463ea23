import { type ChildProcess, spawn } from 'node:child_process';
import { once, setMaxListeners } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { stop } from './process.js';
import { Account } from './soak-account.js';
import { Changer } from './soak-changer.js';
import { SoakClient } from './soak-client.js';
import { Faults } from './soak-faults.js';
import type { SoakTold } from './soak-process.js';
import { commandOf } from './soak-program.js';
import { printReport } from './soak-report.js';
import { type Sample, takeSample } from './soak-samples.js';
import { ROOT } from './soak-settings.js';
import { SOAK_STORES, type SoakStore } from './soak-stores.js';
import { Verdicts } from './soak-verdicts.js';
import { Visitor } from './soak-visitor.js';

/*
 * Lets two servers that share a store serve users, keys, sessions and the page for users, while users change and the store
 * fails now and then, and compares every answer with an oracle: `npm run soak -- --minutes 30 --store postgres`. The exit code
 * is 1 if an answer was wrong, or if memory or descriptors grew.
 */

/** Users that log in and change. */
const ACCOUNTS = 24;
const SAMPLE_EVERY = 10_000;

const { values } = parseArgs({
  options: {
    store: { type: 'string', default: 'sqlite' },
    minutes: { type: 'string', default: '30' },
    rate: { type: 'string', default: '25' },
    changes: { type: 'string', default: '2' },
    'fault-every': { type: 'string', default: '60' },
  },
});

function positive(name: keyof typeof values): number {
  const value = Number(values[name]);
  if (!(value > 0)) throw new Error(`--${name} ${values[name]}: a number above 0 is needed`);
  return value;
}

const open = SOAK_STORES[values.store];
if (open === undefined) throw new Error(`--store ${values.store}: there are ${Object.keys(SOAK_STORES).join(', ')}`);
const milliseconds = positive('minutes') * 60_000;
const faultEvery = positive('fault-every') * 1_000;

/** Starts a server in a process of its own, and waits until it listens. */
async function startServer(
  { addresses, within }: SoakStore,
  index: 0 | 1,
): Promise<{ child: ChildProcess; port: number }> {
  const server = commandOf('./soak-process.ts', ['--expose-gc']);
  const [command = '', ...args] = [...within, ...server, addresses[index], ...(index === 0 ? ['make-root'] : [])];
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const [told] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [SoakTold];
  if (!('port' in Object(told))) throw new Error(`server ${index + 1} has not started`);
  child.on('message', (message: SoakTold) => {
    if ('ended' in message) console.log(`server ${index + 1} would have ended: ${message.ended}`);
  });
  return { child, port: (told as { readonly port: number }).port };
}

/** Signs the admin in, as its browser does. */
async function signIn(client: SoakClient): Promise<string> {
  const { status, headers, text } = await client.send({
    method: 'POST',
    path: '/kapacitor/v1/session',
    from: '10.255.0.2',
    body: ROOT,
  });
  if (status !== 200) throw new Error(`the admin cannot sign in: ${status} ${text}`);
  return headers['set-cookie']?.at(-1)?.split(';')[0] as string;
}

const store = await open();
const faults = new Faults(store.isNotified);
const verdicts = new Verdicts(faults);
const servers = [await startServer(store, 0), await startServer(store, 1)];
const clients = servers.map(({ port }) => new SoakClient(port));
const accounts = Array.from({ length: ACCOUNTS }, (_, index) => new Account(index));
const changer = new Changer(clients, verdicts);
const visitor = new Visitor(clients, accounts, verdicts, await signIn(clients[0] as SoakClient));
const samples: Sample[][] = servers.map(() => []);
const begin = performance.now();
const ending = new AbortController();
const { signal } = ending;
setMaxListeners(0, signal);

/** Does something again and again until the soak ends. */
async function repeat(every: number, deed: () => unknown): Promise<void> {
  for (let count = 1; !signal.aborted; count += 1) {
    await setTimeout(Math.max(0, begin + count * every - performance.now()), undefined, { signal }).catch(() => {});
    if (!signal.aborted) await deed();
  }
}

const running = [
  ...accounts.map((account) => changer.run(account, (ACCOUNTS / positive('changes')) * 1_000, signal)),
  repeat(1_000 / positive('rate'), () => visitor.visit()),
  repeat(SAMPLE_EVERY, async () => {
    const taken = await Promise.all(servers.map(({ child }) => takeSample(child, begin)));
    for (const [index, sample] of taken.entries()) samples[index]?.push(sample);
  }),
  repeat(faultEvery, async () => {
    const fault = store.faults[faults.count % store.faults.length];
    // Each fault ends, and is over, before the soak does.
    if (fault === undefined || performance.now() - begin + fault.milliseconds + 10_000 > milliseconds) return;
    console.log(`${minute()} ${fault.name}`);
    await faults.suffer(fault);
  }),
  repeat(60_000, () => console.log(`${minute()} ${verdicts.total} answers, ${verdicts.wrong.length} wrong`)),
];
function minute(): string {
  return `${((performance.now() - begin) / 60_000).toFixed(1)} min:`;
}

await setTimeout(milliseconds);
ending.abort();
await Promise.all(running);
await visitor.end();
for (const client of clients) client.close();
for (const { child } of servers) await stop(child);
await store.close();
const isGood = printReport({
  store: values.store,
  minutes: milliseconds / 60_000,
  verdicts,
  faults,
  samples,
  skipped: visitor.skipped,
});
process.exit(isGood ? 0 : 1);
