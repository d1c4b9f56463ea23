import { CHANGES } from './changes.js';
import { CREDENTIALS } from './credentials.js';
import { DECISIONS } from './decisions.js';
import { FLOOD } from './flood.js';
import { IMPORT } from './import.js';
import { measureInstructions } from './instructions.js';
import { instructionsMeasure } from './instructions-tables.js';
import { KEYS } from './keys.js';
import { LIMITS } from './limits.js';
import { LISTS_OF_USERS } from './lists.js';
import { LOGINS } from './logins.js';
import type { Measure } from './measure.js';
import { PROPAGATION } from './propagation.js';
import { SLOW_DISK } from './slow-disk.js';
import { THROUGHPUT } from './throughput.js';
import { USERS } from './users.js';

/** The measures of `npm run bench`, in the order of the page. */
export const MEASURES: Readonly<Record<string, Measure>> = {
  throughput: THROUGHPUT,
  instructions: instructionsMeasure(measureInstructions),
  credentials: CREDENTIALS,
  flood: FLOOD,
  decisions: DECISIONS,
  changes: CHANGES,
  logins: LOGINS,
  'slow-disk': SLOW_DISK,
  users: USERS,
  lists: LISTS_OF_USERS,
  keys: KEYS,
  import: IMPORT,
  limits: LIMITS,
  propagation: PROPAGATION,
};
