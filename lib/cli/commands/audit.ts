import { type Command, InvalidArgumentError } from 'commander';
import { lastEvents } from '../../observe/last-events.js';
import { RefusedError } from '../cli-error.js';
import { eventLine } from '../event-line.js';
import { readRemoteEvents } from '../remote-audit.js';
import type { Session } from '../session.js';
import { UserStore } from '../user-store.js';
import { jsonOption } from './shared-options.js';

interface AuditOptions {
  readonly limit: number;
  readonly json?: boolean;
}

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;

/** `audit`: the last events of the audit log, as sentences. */
export function addAudit(program: Command, session: Session): void {
  jsonOption(program.command('audit').description('show the last events of the audit log, the newest last'))
    .option('--limit <N>', 'show N events at most, from 1 to 1000', toLimit, DEFAULT_LIMIT)
    .action(async ({ limit, json = false }: AuditOptions) => {
      const newestFirst = await readEvents(session, limit);
      const events = newestFirst.toReversed();
      if (json) await session.output.json({ events });
      else await session.output.write(events.map(eventLine).join(''));
    });
}

async function readEvents(session: Session, limit: number): Promise<readonly object[]> {
  const place = session.placeOfRules();
  if (!(place instanceof UserStore)) return session.withServer(place, (client) => readRemoteEvents(client, limit));
  const { auditLog } = place;
  if (auditLog === undefined) throw new RefusedError('no audit log is kept: set [auth] audit-log');
  try {
    return await lastEvents(auditLog, limit);
  } catch (error) {
    throw new RefusedError(`cannot read the audit log ${auditLog}: ${(error as Error).message}`);
  }
}

function toLimit(value: string): number {
  const limit = /^\d{1,4}$/.test(value) ? Number(value) : 0;
  if (limit < 1 || limit > MAX_LIMIT) throw new InvalidArgumentError('It must be a number from 1 to 1000.');
  return limit;
}
