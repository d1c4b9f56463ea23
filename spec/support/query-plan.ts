import { expect } from 'vitest';
import { psql, type Sent } from './postgres-repository.js';

interface Node {
  readonly 'Node Type': string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly Plans?: readonly Node[];
}

/** The cost of a statement. */
export interface QueryCost {
  readonly kinds: readonly string[];
  /** The kinds of those nodes that read a table. */
  readonly scans: readonly string[];
  readonly rowsRead: number;
  readonly blocks: number;
}

/** Runs a statement. @returns its plan and its cost */
export async function explain(url: string, { text, values }: Sent): Promise<QueryCost> {
  const [row] = await psql(url, `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`, values);
  const root: Node = row['QUERY PLAN'][0].Plan;
  const nodes: Node[] = [];
  const visit = (node: Node): void => {
    nodes.push(node);
    node.Plans?.forEach(visit);
  };
  visit(root);
  const kinds = nodes.map((node) => node['Node Type']);
  const scans = nodes.filter(({ 'Node Type': kind }) => /(?<!Function|Subquery) Scan$/.test(kind));
  const rowsOf = (node: Node) => node['Actual Loops'] * (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0));
  return {
    kinds,
    scans: scans.map((node) => node['Node Type']),
    rowsRead: scans.reduce((sum, node) => sum + rowsOf(node), 0),
    blocks: root['Shared Hit Blocks'] + root['Shared Read Blocks'],
  };
}

/**
 * Expects that indexes serve the statement, which reads no more than these rows and blocks.
 *
 * @param isGathered whether the rows may be collected first, and sorted
 */
export async function expectIndex(
  url: string,
  sent: Sent | undefined,
  most: { rows: number; blocks: number },
  { isGathered = false } = {},
): Promise<void> {
  const { kinds, scans, rowsRead, blocks } = await explain(url, sent as Sent);
  expect(scans).not.toEqual([]);
  const indexed = ['Index Scan', 'Index Only Scan', ...(isGathered ? ['Bitmap Index Scan', 'Bitmap Heap Scan'] : [])];
  for (const scan of scans) expect(indexed).toContain(scan);
  if (!isGathered) expect(kinds).not.toContain('Sort');
  expect(rowsRead).toBeLessThanOrEqual(most.rows);
  expect(blocks).toBeLessThanOrEqual(most.blocks);
}
