import type { Format } from './format.js';
import { FORMAT_3 } from './format-3.js';

/** The name of the table of counts. */
export const LIMITS = 'limits';

const TABLE = `CREATE TABLE ${LIMITS} (
  -- A limit, and a digest of what it counts.
  key TEXT NOT NULL PRIMARY KEY,
  points INTEGER NOT NULL,
  -- Milliseconds since 1970, when the window ends.
  expire INTEGER NOT NULL
) STRICT, WITHOUT ROWID`;
const INDEX = `CREATE INDEX limits_expire ON ${LIMITS} (expire)`;

/** Counts of failed logins, and the addresses from which users log in. */
export const FORMAT_4: Format = {
  upgrade: [TABLE, INDEX],
  objects: [...FORMAT_3.objects, TABLE, INDEX],
};
