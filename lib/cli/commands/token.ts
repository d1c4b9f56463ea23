import { type Command, InvalidArgumentError } from 'commander';
import { JsonWebTokens } from '../../authentication/json-web-tokens.js';
import { LONGEST_LIFE } from '../../authentication/token-form.js';
import { parsePeriod } from '../../duration.js';
import { ConfigError } from '../../errors.js';
import { checkUserName } from '../../users/user-name.js';
import { RefusedError } from '../cli-error.js';
import { hasExpired } from '../print-users.js';
import { existingUser, type Session } from '../session.js';
import { StoreUsers } from '../store-users.js';
import { chooseConfig } from '../target.js';
import type { UserStore } from '../user-store.js';

/** Milliseconds. */
const HOUR = 3_600_000;

/** `token`: signs a JSON Web Token with the shared secret of the configuration. */
export function addToken(program: Command, session: Session): void {
  program
    .command('token')
    .description('sign a JSON Web Token for a user with the shared secret, and print it')
    .argument('<NAME>')
    .option('--expires <TIME>', 'how long it counts, such as 15m, 12h or 30d; defaults to 1h', toLifetime, HOUR)
    .action(async (name: string, { expires: lifetime }: { expires: number }) => {
      checkUserName(name);
      const store = session.userStore(chooseConfig(session.options, session.environment, process.cwd()));
      const tokens = new JsonWebTokens(readSecret(store, session));
      // A token counts seconds.
      const expires = Math.floor((Date.now() + lifetime) / 1_000) * 1_000;
      try {
        await requireUser(store, session, { name, expires });
        await session.output.write(`${await tokens.sign({ username: name, expires })}\n`);
      } finally {
        tokens.close();
      }
    });
}

function toLifetime(text: string): number {
  const lifetime = parsePeriod(text);
  if (lifetime === undefined) throw new InvalidArgumentError('It must be a duration such as 15m, 12h or 30d.');
  if (lifetime < 1_000 || lifetime > LONGEST_LIFE) throw new InvalidArgumentError('It must be from 1s to 366d.');
  return lifetime;
}

/** @throws {ConfigError} there is no shared secret, or its file cannot be read */
function readSecret({ readSharedSecret }: UserStore, { output }: Session): string {
  if (readSharedSecret === undefined) {
    throw new ConfigError(
      'there is no shared secret to sign with: write  shared-secret = "…"  below [http] of the config file, or set ' +
        'KAPACITOR_HTTP_SHARED_SECRET, to that of the server. To make one: openssl rand -base64 32',
    );
  }
  const { secret, weakness } = readSharedSecret();
  if (weakness !== undefined) output.note(`warning: ${weakness}`);
  return secret;
}

/**
 * Requires a user who can log in, and records the token in the audit trail. The store of an app need not be here: the server
 * checks the user at each request anyway.
 *
 * @throws {RefusedError} there is no such user, or the user is disabled or has expired
 */
async function requireUser(
  store: UserStore,
  session: Session,
  { name, expires }: { readonly name: string; readonly expires: number },
): Promise<void> {
  if (store.isInMemory || !store.isThere) {
    session.output.note(
      `no users are in ${store.name}, so it is not known here whether there is a user ${JSON.stringify(name)}`,
    );
    return;
  }
  await session.withStore(store, async ({ users, trail }) => {
    const user = await existingUser(new StoreUsers(users), name);
    if (!user.enabled) {
      throw new RefusedError(`${name} is disabled, and a token would let nobody in: "user enable ${name}"`);
    }
    if (hasExpired(user)) {
      throw new RefusedError(
        `${name} has expired, and a token would let nobody in: "user set ${name} --expires never" takes the end away`,
      );
    }
    trail.record('token-created', { user: name, expires: new Date(expires).toISOString() });
  });
}
