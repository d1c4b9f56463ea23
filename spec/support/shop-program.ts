/** A program that serves the app of shop.ts: `shop-program STORE`. It tells its port once the store can be asked. */
import type { AddressInfo } from 'node:net';
import { openShop } from './shop.js';

/** The port. */
export type ShopTold = number;

async function run(): Promise<void> {
  const { auth, server } = openShop(process.argv[2] as string);
  await auth.ready;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  process.send?.((server.address() as AddressInfo).port satisfies ShopTold);
}

/** The program ends with the process that started it. */
process.on('disconnect', () => process.exit());
void run();
