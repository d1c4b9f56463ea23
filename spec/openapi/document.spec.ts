import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { documented } from '../support/documented-endpoints.js';
import { METHODS, type Operation, openApi, partAt, placeOf } from '../support/openapi-document.js';

/** Each operation, with the place where it is. */
const OPERATIONS = Object.entries(openApi.paths).flatMap(([path, item]) =>
  METHODS.filter((method) => item[method] !== undefined).map((method): [string, Operation] => [
    placeOf('paths', path, method),
    item[method] as Operation,
  ]),
);

/** Each object in the document, with its place. */
function* partsIn(part: unknown, place: string): Generator<[string, Record<string, unknown>]> {
  if (typeof part !== 'object' || part === null) return;
  if (!Array.isArray(part)) yield [place, part as Record<string, unknown>];
  for (const [key, value] of Object.entries(part)) yield* partsIn(value, `${place}${placeOf(key).slice(1)}`);
}

describe('docs/openapi.yaml', () => {
  it('is a document of OpenAPI 3.1', async () => {
    expect(await new Validator().validate(structuredClone(openApi) as never)).toEqual({ valid: true });
    expect(openApi.openapi).toMatch(/^3\.1\./);
  });

  it('has a name of its own for each operation, which a method of a client can have', () => {
    const names = OPERATIONS.map(([, { operationId }]) => operationId as string);
    expect(names).toEqual([...new Set(names)]);
    for (const name of names) expect(name).toMatch(/^[a-z][A-Za-z]+$/);
  });

  it('says what each operation does, and what each of its answers means', () => {
    const silent = OPERATIONS.filter(([, { summary, tags }]) => !summary || tags?.length !== 1);
    expect(silent).toEqual([]);
  });

  it('refers to parts that exist, and to each of them', () => {
    const references = [...partsIn(openApi, '#')]
      .map(([, { $ref }]) => $ref)
      .filter((reference) => typeof reference === 'string');
    expect(references.filter((reference) => partAt(openApi, reference) === undefined)).toEqual([]);
    const parts = Object.entries(openApi.components)
      .filter(([kind]) => kind !== 'securitySchemes')
      .flatMap(([kind, named]) => Object.keys(named).map((name) => placeOf('components', kind, name)));
    const unused = parts.filter((part) => !references.includes(part));
    // OpenAPI has no place for the methods that a path does not have.
    expect(unused).toEqual([placeOf('components', 'responses', 'MethodNotAllowed')]);
  });

  it('has examples that its own schemas allow', () => {
    const problems = [...partsIn(openApi, '#')].flatMap(([place, { schema, example, examples }]) => {
      if (typeof schema !== 'object') return [];
      const named = Object.values((examples ?? {}) as Record<string, { value: unknown }>).map(({ value }) => value);
      const values = example === undefined ? named : [example, ...named];
      return values.flatMap((value) => documented.valueProblem(`${place}/schema`, value) ?? []);
    });
    expect(problems).toEqual([]);
  });
});

describe('an answer of an own endpoint', () => {
  const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };
  const problemOf = (status: number, body: unknown, headers: Record<string, string> = JSON_TYPE) =>
    documented.problemOf({ path: '' }, '/users', { status, headers, body, text: JSON.stringify(body) });

  it('is allowed if the document describes it', () => {
    expect(problemOf(403, { error: 'no', message: 'no' })).toBeUndefined();
    expect(problemOf(405, { error: 'no', message: 'no' })).toContain('the status is not among 200');
  });

  it.each<[string, number, unknown, Record<string, string>, string]>([
    ['status', 418, {}, JSON_TYPE, 'the status is not among 200'],
    ['content type', 200, { users: [] }, { 'content-type': 'text/html' }, 'the content type text/html is not among'],
    ['field', 200, { users: [], more: 1 }, JSON_TYPE, 'it must NOT have additional properties'],
    ['header', 429, { error: 'no', message: 'no' }, { ...JSON_TYPE, 'retry-after': 'soon' }, 'the header Retry-After'],
  ])('is refused for a %s that the document does not have', (_what, status, body, headers, problem) => {
    expect(problemOf(status, body, headers)).toContain(problem);
  });

  it('is refused if the method does not exist and the answer does not say which do', () => {
    const answer = { status: 405, headers: JSON_TYPE, body: { error: 'no', message: 'no' }, text: '{}' };
    const refused = documented.problemOf({ method: 'PUT', path: '' }, '/users', answer);
    expect(refused).toBe('the header Allow is missing');
    const allowed = { ...answer, headers: { ...JSON_TYPE, allow: 'GET, HEAD, OPTIONS' } };
    expect(documented.problemOf({ method: 'PUT', path: '' }, '/users', allowed)).toBeUndefined();
  });

  it('is refused if a request was accepted whose body the document does not allow', () => {
    const answer = { status: 204, headers: {}, body: undefined, text: '' };
    const user = { link: { rel: 'self', href: '/u' }, name: 'a', type: 'normal', permissions: [] };
    const headers = { ...JSON_TYPE, etag: '"qL6TtgJ0nCF3QqfYyZ8Fxg"' };
    const created = { ...answer, status: 200, headers, body: user, text: JSON.stringify(user) };
    const post = (body: object) =>
      documented.problemOf({ method: 'POST', path: '', body: JSON.stringify(body) }, '/users', created);
    expect(post({ name: 'a', password: 'pw', note: null })).toBeUndefined();
    expect(post({ name: 'a', password: 'pw', role: 'x' })).toBe(
      'the body of the request was accepted: it must NOT have additional properties',
    );
  });
});
