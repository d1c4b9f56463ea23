/** A snapshot of V8's heap: https://github.com/v8/v8/blob/main/src/profiler/heap-snapshot-generator.cc */
interface HeapSnapshot {
  readonly snapshot: {
    readonly meta: {
      readonly node_fields: readonly string[];
      readonly node_types: readonly [readonly string[], ...unknown[]];
      readonly edge_fields: readonly string[];
      readonly edge_types: readonly [readonly string[], ...unknown[]];
    };
  };
  readonly nodes: readonly number[];
  readonly edges: readonly number[];
  readonly strings: readonly string[];
}

/** What V8 holds for the code that runs just now, and not for longer. */
const PASSING = ['(Stack roots)', '(Handle scope)'];

/**
 * The texts in a snapshot that something keeps, each with what keeps it: names of properties and objects, from the text to the
 * roots.
 */
export function keptTexts(json: string): Map<string, string> {
  const { snapshot, nodes, edges, strings } = JSON.parse(json) as HeapSnapshot;
  const {
    node_fields: nodeFields,
    edge_fields: edgeFields,
    node_types: nodeTypes,
    edge_types: edgeTypes,
  } = snapshot.meta;
  const typeOf = (node: number) => nodeTypes[0][nodes[node] as number] as string;
  const nameOf = (node: number) => strings[nodes[node + 1] as number] as string;
  const edgesFrom = new Map<number, number>();
  const edgeCount = nodeFields.indexOf('edge_count');
  let next = 0;
  for (let node = 0; node < nodes.length; node += nodeFields.length) {
    edgesFrom.set(node, next);
    next += (nodes[node + edgeCount] as number) * edgeFields.length;
  }
  const texts = new Map<string, string>();
  const keepers = new Map<number, { readonly keeper: number; readonly by: string } | undefined>([[0, undefined]]);
  const pathOf = (node: number) => {
    const path: string[] = [];
    for (let step = keepers.get(node); step !== undefined; step = keepers.get(step.keeper)) {
      path.push(`${step.by} of ${nameOf(step.keeper).slice(0, 40)}`);
    }
    return path.join(' < ');
  };
  for (const node of keepers.keys()) {
    if (typeOf(node) === 'string') texts.set(nameOf(node), pathOf(node));
    if (PASSING.includes(nameOf(node))) continue;
    const from = edgesFrom.get(node) as number;
    const to = from + (nodes[node + edgeCount] as number) * edgeFields.length;
    for (let edge = from; edge < to; edge += edgeFields.length) {
      const type = edgeTypes[0][edges[edge] as number] as string;
      const target = edges[edge + 2] as number;
      const label = edges[edge + 1] as number;
      const by = type === 'element' || type === 'hidden' ? String(label) : (strings[label] as string);
      if (type !== 'weak' && !keepers.has(target)) keepers.set(target, { keeper: node, by });
    }
  }
  return texts;
}
