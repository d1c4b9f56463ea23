import type { TableNames } from './table-names.js';
import { createFunction } from './trigger-function.js';

/** Milliseconds since 1970. */
const NOW = 'floor(extract(epoch FROM now()) * 1000)::bigint';

/**
 * Makes the columns of a user's account, a table of the times of logins, and what serves lists of some users: indexes, and a
 * table of permissions, which triggers keep current.
 *
 * With a million users that takes seconds, in which users can be read, and not changed. Only the new columns need an ACCESS
 * EXCLUSIVE lock, so they come last: they are brief. It is tried first whether that lock can be had.
 *
 * The names of the columns differ from those of the table of secrets: a process of an older version joins both tables, and
 * names the columns of secrets alone.
 */
export function keepAccounts(names: TableNames): string {
  const { users } = names;
  return `
SAVEPOINT lockable;
LOCK TABLE ${users} IN ACCESS EXCLUSIVE MODE;
ROLLBACK TO SAVEPOINT lockable;
LOCK TABLE ${users} IN EXCLUSIVE MODE;

-- A list of all other users passes over these few.
CREATE INDEX ${names.part('all_admins')} ON ${users} (name) WHERE type = 'admin';
CREATE INDEX ${names.part('disabled')} ON ${users} (name) WHERE NOT enabled;
${keepGrants(names)}
${keepLogins(names)}
ALTER TABLE ${users}
  -- Milliseconds since 1970. NULL: older than this column.
  ADD COLUMN created_at bigint,
  ADD COLUMN password_changed_at bigint,
  -- NULL: never.
  ADD COLUMN expires_at bigint,
  ADD COLUMN must_change_password boolean NOT NULL DEFAULT false,
  ADD COLUMN note text;
-- Of users who are inserted with psql, or by a process of an older version.
ALTER TABLE ${users} ALTER COLUMN created_at SET DEFAULT ${NOW}, ALTER COLUMN password_changed_at SET DEFAULT ${NOW};

-- A password that is changed with psql is as new.
CREATE OR REPLACE FUNCTION ${names.inSchema('revise')}() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF NEW.revision = OLD.revision AND NEW.secrets_revision IS NOT DISTINCT FROM OLD.secrets_revision THEN
    NEW.revision := gen_random_uuid();
    IF NEW.hash <> OLD.hash AND NEW.password_changed_at IS NOT DISTINCT FROM OLD.password_changed_at THEN
      NEW.password_changed_at := ${NOW};
    END IF;
  END IF;
  RETURN NEW;
END
$$;
`;
}

/** A row for each permission of each user, in the order in which lists need them. */
const keepGrants = (names: TableNames) => `
CREATE TABLE ${names.grants} (
  permission text COLLATE "C" NOT NULL,
  -- Of a user.
  name text COLLATE "C" NOT NULL
);

INSERT INTO ${names.grants} (permission, name)
  SELECT DISTINCT permission, name FROM ${names.users}, unnest(permissions) AS permission;
ALTER TABLE ${names.grants} ADD CONSTRAINT ${names.part('grants_pkey')} PRIMARY KEY (permission, name);

${createFunction(names, 'grant_new', grantNew(names))}
${createFunction(names, 'grant_again', grantAgain(names))}
${createFunction(names, 'revoke_all', revokeAll(names))}

CREATE TRIGGER ${names.part('grant_new')} AFTER INSERT ON ${names.users}
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ${names.inSchema('grant_new')}();
CREATE TRIGGER ${names.part('grant_changed')} AFTER UPDATE ON ${names.users}
  FOR EACH ROW WHEN ((NEW.name, NEW.permissions) IS DISTINCT FROM (OLD.name, OLD.permissions))
  EXECUTE FUNCTION ${names.inSchema('grant_again')}();
CREATE TRIGGER ${names.part('grant_none')} AFTER DELETE ON ${names.users}
  FOR EACH ROW EXECUTE FUNCTION ${names.inSchema('grant_again')}();
CREATE TRIGGER ${names.part('revoke_all')} AFTER TRUNCATE ON ${names.users}
  FOR EACH STATEMENT EXECUTE FUNCTION ${names.inSchema('revoke_all')}();

-- Only triggers write the table. A restore of the rows alone has inserted them already, with the users.
CREATE OR REPLACE FUNCTION ${names.inSchema('leave_out')}() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  RETURN NULL;
END
$$;
CREATE TRIGGER ${names.part('leave_out')} BEFORE INSERT ON ${names.grants}
  FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION ${names.inSchema('leave_out')}();
`;

const grantNew = ({ grants }: TableNames) => `
BEGIN
  INSERT INTO ${grants} (permission, name)
    SELECT DISTINCT permission, name FROM added, unnest(permissions) AS permission ON CONFLICT DO NOTHING;
  RETURN NULL;
END
`;

const grantAgain = ({ grants }: TableNames) => `
BEGIN
  DELETE FROM ${grants} WHERE permission = ANY (OLD.permissions) AND name = OLD.name;
  IF TG_OP = 'UPDATE' THEN
    INSERT INTO ${grants} (permission, name)
      SELECT DISTINCT permission, NEW.name FROM unnest(NEW.permissions) AS permission ON CONFLICT DO NOTHING;
  END IF;
  RETURN NULL;
END
`;

const revokeAll = ({ grants }: TableNames) => `
BEGIN
  DELETE FROM ${grants};
  RETURN NULL;
END
`;

/** A login changes no row of the users. */
const keepLogins = ({ users, logins }: TableNames) => `
CREATE TABLE ${logins} (
  name text COLLATE "C" PRIMARY KEY REFERENCES ${users} (name) ON DELETE CASCADE ON UPDATE CASCADE,
  -- Milliseconds since 1970.
  last_login bigint NOT NULL
) WITH (fillfactor = 80); -- Leaves room for later logins.
`;
