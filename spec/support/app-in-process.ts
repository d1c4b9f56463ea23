import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { vi } from 'vitest';
import type { AppTold } from './app-program.js';
import { kill } from './child-process.js';
import { type Answer, send } from './server.js';
import { type StartOptions, startProgram } from './store-process.js';

/** An app in a process of its own, on a store. Its users have the password `pw`, and may use the API. */
export class AppInProcess {
  readonly child: ChildProcess;
  /** Each state that its store came into, with the reason. */
  readonly states: { readonly state: string; readonly reason: string | undefined }[] = [];
  readonly #port: number;

  /** Starts it, and waits until it serves. */
  static async start(file: string, options: StartOptions = {}): Promise<AppInProcess> {
    const child = startProgram('app-program', [file], options);
    const states: AppInProcess['states'] = [];
    const port = await new Promise<number>((resolve, reject) => {
      child.once('exit', (code, signal) => reject(new Error(`the app has ended: ${signal ?? code}`)));
      child.on('message', (told: AppTold) => {
        if ('state' in told) states.push(told);
        else if ('port' in told) resolve(told.port);
      });
    });
    return new AppInProcess(child, port, states);
  }

  private constructor(child: ChildProcess, port: number, states: AppInProcess['states']) {
    this.child = child;
    this.#port = port;
    this.states = states;
  }

  /** Creates a user, as the admin does. */
  create(name: string): Promise<Answer> {
    const body = JSON.stringify({ name, password: 'pw', permissions: ['api'] });
    return send(this.#port, { method: 'POST', path: '/kapacitor/v1/users', auth: 'root:pw', body });
  }

  /** The status of a request of this user. */
  async status(name: string): Promise<number> {
    return (await send(this.#port, { path: '/kapacitor/v1/tasks', auth: `${name}:pw` })).status;
  }

  /**
   * Waits until its store has been in this state, and tells why. It need not stay there: a small change can have room
   * where a larger one had none.
   *
   * @param from the number of states before, which do not count
   */
  async comesInto(state: string, from: number): Promise<{ readonly reason: string | undefined }> {
    return vi.waitUntil(() => this.states.slice(from).find((told) => told.state === state), 5_000);
  }

  /** Waits until its store is in this state. */
  async until(state: string): Promise<void> {
    await vi.waitUntil(() => this.states.at(-1)?.state === state, { timeout: 5_000, interval: 5 });
  }

  /** Milliseconds: how long its event loop was held up at the most since this was asked before. */
  async heldUp(): Promise<number> {
    const told = once(this.child, 'message');
    this.child.send('held up?');
    return (await told)[0].heldUp;
  }

  async kill(): Promise<void> {
    await kill(this.child);
  }
}
