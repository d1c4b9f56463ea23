import { readFileSync } from 'node:fs';
import { kapacitorAuth } from 'kapacitor-auth';
import { Registry } from 'prom-client';
import { expect, it, onTestFinished } from 'vitest';
import { AUDIT_EVENTS, LOGIN_FAILURES } from '../../lib/users/audit-events.js';

const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');

/** The names in the first column of the first table below a heading. */
function namedBelow(heading: string): string[] {
  const [, text = ''] = page.split(`\n${heading}\n`);
  const [table = ''] = /(?:^\|.*\n)+/m.exec(text) ?? [];
  return [...table.matchAll(/^\| `([\w-]+)` /gm)].map(([, name]) => name as string);
}

it('docs/operations.md lists the audit events', () => {
  expect(namedBelow('## Audit events').toSorted()).toEqual(AUDIT_EVENTS.toSorted());
});

it('docs/operations.md lists the reasons of failed logins', () => {
  expect(namedBelow('### Why a login failed').toSorted()).toEqual([...LOGIN_FAILURES].toSorted());
});

it('docs/operations.md lists the metrics', async () => {
  const auth = kapacitorAuth({ auth: { store: 'memory:' } });
  onTestFinished(() => auth.close());
  const registry = new Registry();
  auth.metrics.registerIn(registry);
  const names = (await registry.getMetricsAsJSON()).map(({ name }) => name);
  expect(namedBelow('## Metrics').toSorted()).toEqual(names.toSorted());
});
