import type { Connections } from './connections.js';
import type { Ask } from './driver.js';
import type { TableNames } from './table-names.js';

/** Access to the database of a repository, for one part of what is in it. */
export interface DatabaseAccess {
  /** For a question that a request waits for. */
  readonly ask: Ask;
  readonly connections: Connections;
  readonly names: TableNames;
  /** @throws {StoreError} the repository is closed */
  readonly assertOpen: () => void;
}
