import { type KapacitorAuth, kapacitorAuth, type StoreHealth, type UserRepository } from 'kapacitor-auth';
import { expect, onTestFinished, vi } from 'vitest';
import { appBehind } from './app-behind.js';
import { type SentRequest, serve } from './server.js';

/** Milliseconds. Whatever becomes of the store, no request takes so long. */
const AT_MOST = 5_000;

/** A request that was answered. */
interface Measured {
  readonly status: number;
  /** Milliseconds. */
  readonly took: number;
}

/** An app whose requests are measured, and whose store's states are written down. */
export interface MeasuredApp {
  readonly auth: KapacitorAuth;
  /** Each that the store came into, in order. */
  readonly states: string[];
  send(request: SentRequest): Promise<Measured>;
  /** Asks for something that each user may see. */
  get(who: string): Promise<Measured>;
  /** As {@link get}, for who asks for the status only. */
  status(who: string): Promise<number>;
  health(): StoreHealth;
  /** Waits until the store is in this state. */
  until(state: string, milliseconds?: number): Promise<void>;
}

/** The whole middleware on a store, with cheap hashes, until the test is over. Nobody waits for the store here. */
export async function startApp(store: string | UserRepository, storeGrace: string): Promise<MeasuredApp> {
  // A repository of the app's own is the app's to close.
  if (typeof store !== 'string') onTestFinished(() => store.close?.());
  const auth = kapacitorAuth({ auth: { store, storeGrace, bcryptCost: 4, minimumPasswordLength: 0 } });
  onTestFinished(() => auth.close());
  const states: string[] = [];
  auth.on('store-state', ({ state }) => states.push(state));
  const server = await serve(appBehind(auth));
  const send = async (request: SentRequest): Promise<Measured> => {
    const sentAt = performance.now();
    const { status } = await server.send(request);
    const took = performance.now() - sentAt;
    expect(took).toBeLessThan(AT_MOST);
    return { status, took };
  };
  const get = (who: string) => send({ path: '/kapacitor/v1/tasks', auth: who });
  return {
    auth,
    states,
    send,
    get,
    status: async (who) => (await get(who)).status,
    health: () => auth.health().store,
    until: (state, milliseconds = 10_000) =>
      vi.waitFor(() => expect(auth.health().store.state).toBe(state), { timeout: milliseconds, interval: 10 }),
  };
}

/** Each of these users, whose password is `pw`, may use the API. */
export async function createUsers({ auth }: MeasuredApp, ...names: string[]): Promise<void> {
  for (const name of names) await auth.users.create({ name, password: 'pw', permissions: ['api'] });
}
