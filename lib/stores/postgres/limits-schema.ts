import type { TableNames } from './table-names.js';

/** Makes a table for counts of failed logins, and for the addresses from which users log in. */
export function keepLimits(names: TableNames): string {
  return `
CREATE TABLE ${names.limits} (
  -- A limit, and a digest of what it counts.
  key text COLLATE "C" PRIMARY KEY,
  points integer NOT NULL,
  -- Milliseconds since 1970, when the window ends.
  expire bigint NOT NULL
) WITH (fillfactor = 80); -- Leaves room for further points.

CREATE INDEX ${names.part('limits_expire')} ON ${names.limits} (expire);
`;
}
