import type { TableNames } from './table-names.js';
import { createFunction } from './trigger-function.js';

/**
 * Makes the table of secrets: keys and sessions.
 *
 * A process uses a secret in its memory for as long as its owner's row is the same. So whatever removes or changes a secret
 * gives its owner another `secrets_revision`, and all that keeps users current keeps their secrets current as well. A use of
 * a secret, and the removal of an expired one, leave the owner as it is.
 *
 * Transactions lock the owner first, and then its secrets in the order of their digests, so that they do not deadlock.
 */
export function keepSecrets(names: TableNames): string {
  const { users, secrets } = names;
  return `
-- Differs after each removal and each change of a secret of the user.
ALTER TABLE ${users} ADD COLUMN secrets_revision uuid;

CREATE TABLE ${secrets} (
  -- SHA-256 in base64url.
  digest text COLLATE "C" PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('key', 'session')),
  id text COLLATE "C" NOT NULL UNIQUE,
  owner text COLLATE "C" NOT NULL REFERENCES ${users} (name) ON DELETE CASCADE ON UPDATE CASCADE,
  name text COLLATE "C" CHECK ((name IS NOT NULL) = (kind = 'key')),
  -- NULL: all that its owner may.
  permissions text[],
  -- Milliseconds since 1970. NULL: never.
  created bigint NOT NULL,
  expires bigint,
  last_used bigint
) WITH (fillfactor = 80); -- Leaves room for recorded uses.

CREATE INDEX ${names.part('secrets_owner')} ON ${secrets} (owner, kind);
CREATE UNIQUE INDEX ${names.part('secrets_names')} ON ${secrets} (owner, name) WHERE kind = 'key';
CREATE INDEX ${names.part('secrets_expiry')} ON ${secrets} (expires) WHERE expires IS NOT NULL;

-- An update with psql gets a new revision as well, but not one of secrets_revision: that is no change of the user.
CREATE OR REPLACE FUNCTION ${names.inSchema('revise')}() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF NEW.revision = OLD.revision AND NEW.secrets_revision IS NOT DISTINCT FROM OLD.secrets_revision THEN
    NEW.revision := gen_random_uuid();
  END IF;
  RETURN NEW;
END
$$;

${createFunction(names, 'revise_secrets', reviseSecrets(names))}

CREATE TRIGGER ${names.part('secrets_delete')} AFTER DELETE ON ${secrets}
  REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION ${names.inSchema('revise_secrets')}();
CREATE TRIGGER ${names.part('secrets_truncate')} AFTER TRUNCATE ON ${secrets}
  FOR EACH STATEMENT EXECUTE FUNCTION ${names.inSchema('revise_secrets')}();
-- Everything except last_used.
CREATE TRIGGER ${names.part('secrets_update')} AFTER UPDATE ON ${secrets} FOR EACH ROW WHEN (
    (OLD.digest, OLD.kind, OLD.id, OLD.owner, OLD.name, OLD.permissions, OLD.created, OLD.expires) IS DISTINCT FROM
    (NEW.digest, NEW.kind, NEW.id, NEW.owner, NEW.name, NEW.permissions, NEW.created, NEW.expires)
  ) EXECUTE FUNCTION ${names.inSchema('revise_secrets')}();

${createFunction(names, 'end_sessions', endSessions(names))}

CREATE TRIGGER ${names.part('end_sessions')} AFTER UPDATE ON ${users}
  FOR EACH ROW WHEN (NEW.hash <> OLD.hash OR NOT NEW.enabled)
  EXECUTE FUNCTION ${names.inSchema('end_sessions')}();

-- The foreign key removes them, in any order.
${createFunction(names, 'lock_secrets', lockSecrets(names))}

CREATE TRIGGER ${names.part('lock_secrets')} BEFORE DELETE ON ${users}
  FOR EACH ROW EXECUTE FUNCTION ${names.inSchema('lock_secrets')}();
`;
}

const reviseSecrets = ({ users }: TableNames) => `
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    UPDATE ${users} SET secrets_revision = gen_random_uuid();
  ELSIF TG_OP = 'UPDATE' THEN
    UPDATE ${users} SET secrets_revision = gen_random_uuid() WHERE name = OLD.owner;
  ELSE
    -- An owner that this transaction has written has another row already.
    UPDATE ${users} SET secrets_revision = gen_random_uuid()
      WHERE xmin <> pg_current_xact_id()::xid AND name IN (
        SELECT owner FROM removed
          WHERE expires IS NULL OR expires > extract(epoch FROM clock_timestamp()) * 1000);
  END IF;
  RETURN NULL;
END
`;

const endSessions = ({ secrets }: TableNames) => `
BEGIN
  PERFORM FROM ${secrets} WHERE owner = NEW.name AND kind = 'session' ORDER BY digest FOR UPDATE;
  DELETE FROM ${secrets} WHERE owner = NEW.name AND kind = 'session';
  RETURN NULL;
END
`;

const lockSecrets = ({ secrets }: TableNames) => `
BEGIN
  PERFORM FROM ${secrets} WHERE owner = OLD.name ORDER BY digest FOR UPDATE;
  RETURN OLD;
END
`;
