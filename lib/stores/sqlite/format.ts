/** A format of the store. It never changes: a change of the tables is another format. */
export interface Format {
  /** The SQL that makes it of the format before, and the first one of an empty database. */
  readonly upgrade: readonly string[];
  /** The SQL of all its tables, indexes and triggers. It is compared letter by letter when a store is opened. */
  readonly objects: readonly string[];
}
