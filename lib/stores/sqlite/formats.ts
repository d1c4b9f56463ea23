import { FORMAT_1 } from './format-1.js';
import { FORMAT_2 } from './format-2.js';
import { FORMAT_3 } from './format-3.js';

/** A format of the store. It never changes: a change of the tables is another format. */
export interface Format {
  /** The SQL that makes it of the format before, and the first one of an empty database. */
  readonly upgrade: readonly string[];
  /** The SQL of all its tables, indexes and triggers. It is compared letter by letter when a store is opened. */
  readonly objects: readonly string[];
}

/** All formats, the first one first. */
export const FORMATS: readonly Format[] = [FORMAT_1, FORMAT_2, FORMAT_3];
