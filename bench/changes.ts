import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { basicCredentials } from './client.js';
import { type Measure, type Row, type Tables, whole } from './measure.js';
import { start, stop } from './process.js';

const PASSWORD = 'examplePassword';
const CONNECTIONS = 200;
const KNOWN = Array.from({ length: 12 }, (_, index) => `known${index}`);
const CHANGER = 'changer';
/** Milliseconds. */
const WARM_UP = 1_000;

interface Login {
  readonly status: number;
  /** Milliseconds. */
  readonly took: number;
}

export const CHANGES: Measure = {
  about: `What logins of other users take while one user changes its password on ${CONNECTIONS} connections.`,
  mostRounds: 3,
  measure: measureChanges,
  tables: {
    logins: { columns: { 'let in': whole, 'slowest, ms': whole } },
    changes: { columns: { number: whole } },
  },
};

/** Measures the logins of known users while a user changes its own password on many connections. */
async function measureChanges(rounds: number): Promise<Tables> {
  const quiet: Login[] = [];
  const flooded: Login[] = [];
  const answers = new Map<number, number>();
  for (let round = 0; round < rounds; round += 1) {
    process.stderr.write(`\rround ${round + 1} of ${rounds}: changes of a password`.padEnd(80));
    const { child, told: port } = await start<number>('./changes-process.ts', [PASSWORD, CHANGER, ...KNOWN]);
    const logInAll = (send: Send) =>
      Promise.all(KNOWN.map((name) => timed(() => send('GET', '/kapacitor/v1/tasks', name))));
    const send = sender(port);
    await logInAll(send);
    quiet.push(...(await logInAll(send)));
    let isOver = false;
    const flood = Array.from({ length: CONNECTIONS }, async () => {
      while (!isOver) {
        const status = await send('PATCH', `/kapacitor/v1/users/${CHANGER}`, CHANGER);
        answers.set(status, (answers.get(status) ?? 0) + 1);
      }
    });
    await setTimeout(WARM_UP);
    flooded.push(...(await logInAll(send)));
    isOver = true;
    await Promise.all(flood);
    await stop(child);
  }
  process.stderr.write('\n');
  return {
    logins: [summary('without the changes', quiet), summary('with the changes', flooded)],
    changes: [...answers].map(([status, number]) => ({ 'answer to a change': `${status}`, number })),
  };
}

type Send = (method: string, path: string, name: string) => Promise<number>;

function sender(port: number): Send {
  const agent = new Agent({ keepAlive: true });
  const body = JSON.stringify({ password: PASSWORD });
  return (method, path, name) =>
    new Promise((resolve, reject) => {
      const headers = { authorization: basicCredentials(name, PASSWORD) };
      const sent = request({ host: '127.0.0.1', port, method, path, agent, headers }, (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode as number));
      });
      sent.on('error', reject);
      sent.end(method === 'PATCH' ? body : undefined);
    });
}

async function timed(login: () => Promise<number>): Promise<Login> {
  const begin = performance.now();
  const status = await login();
  return { status, took: performance.now() - begin };
}

function summary(label: string, logins: readonly Login[]): Row {
  const letIn = logins.filter(({ status }) => status === 200).length;
  const slowest = Math.max(...logins.map(({ took }) => took));
  return { logins: label, 'let in': `${letIn} of ${logins.length}`, 'slowest, ms': slowest };
}
