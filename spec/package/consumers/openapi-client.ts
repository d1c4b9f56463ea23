import type { components, operations, paths } from './openapi.js';

/** Compiles if the types that `openapi-typescript` makes of `docs/openapi.yaml` are what a client needs. */
type Schemas = components['schemas'];

const created: Schemas['NewUser'] = { name: 'stan', password: 'stanPassword', permissions: ['api'] };
const operationsOfBatch: Schemas['Batch']['operations'] = [
  { op: 'create', ...created },
  { op: 'change', name: 'stan', expires: null, ifMatch: '"qL6TtgJ0nCF3QqfYyZ8Fxg"' },
  { op: 'delete', name: 'stan' },
];
// @ts-expect-error A user has no such field.
const unknown: Schemas['UserChanges'] = { enable: false };
// @ts-expect-error There is no such type.
const type: Schemas['User']['type'] = 'clerk';

type Query = NonNullable<operations['listUsers']['parameters']['query']>;
const query: Query = { type: 'admin', fields: ['lastLogin'], count: true, limit: 10 };

type Listed = paths['/users']['get']['responses'][200]['content']['application/json'];
const names = ({ users, total }: Listed): readonly string[] => [
  ...users.map(({ name }) => name),
  `${total ?? users.length}`,
];
const reason = ({ error }: paths['/users']['get']['responses'][403]['content']['application/json']): string => error;
const failure = (result: Schemas['BatchResult']): string => ('code' in result ? result.code : 'none');

export const used: readonly unknown[] = [operationsOfBatch, unknown, type, query, names, reason, failure];
