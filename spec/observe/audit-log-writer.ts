import { AuditLog } from '../../lib/observe/audit-log.js';

export interface Task {
  /** How many events it writes. */
  readonly write: number;
  /** Whether it stays when it has nothing more to do, as a server does. */
  readonly stay: boolean;
}

/** Opens a log at the path that it is given, writes as many events as it is told to, and does nothing more. */
const log = new AuditLog(process.argv[2] as string);

process.once('message', ({ write, stay }: Task) => {
  for (let index = 0; index < write; index++) log.write('login', { time: new Date() });
  if (stay) process.send?.('written');
  else process.disconnect();
});
process.send?.('ready');
