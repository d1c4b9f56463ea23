import { describe, expect, it } from 'vitest';
import { parseStoreUrl } from '../../../lib/stores/postgres/url.js';

describe('what a URL says', () => {
  it('is five connections at the most, and nothing of schema and table, where it has no parameters', () => {
    expect(parseStoreUrl('postgres://user:pw@host:5433/db')).toEqual({
      connectionString: 'postgres://user:pw@host:5433/db',
      schema: undefined,
      table: undefined,
      max: 5,
    });
  });

  it('is taken out of it, and the rest left for the driver', () => {
    expect(
      parseStoreUrl(
        'postgres://host/db?schema=my%20schema&sslmode=require&table=a%26b&max=20&application_name=my%20app',
      ),
    ).toEqual({
      connectionString: 'postgres://host/db?sslmode=require&application_name=my+app',
      schema: 'my schema',
      table: 'a&b',
      max: 20,
    });
  });

  it.each([
    ['1', 1],
    ['9999', 9_999],
  ])('may be max=%s', (written, max) => {
    expect(parseStoreUrl(`postgres://host/db?max=${written}`)).toMatchObject({
      max,
      connectionString: 'postgres://host/db',
    });
  });

  it.each([
    ['tabel', 'table'],
    ['Table', 'table'],
    ['scheme', 'schema'],
    ['mx', 'max'],
  ])('is not ignored where it is misspelt: %s', (misspelt, meant) => {
    expect(() => parseStoreUrl(`postgres://host/db?${misspelt}=x`)).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: `postgres://…?${misspelt}= is not known: did you mean ${meant}?`,
      }),
    );
  });

  it('is the first of two that are the same, and neither is left for the driver', () => {
    expect(parseStoreUrl('postgres://host/db?schema=one&schema=two')).toMatchObject({
      connectionString: 'postgres://host/db',
      schema: 'one',
    });
  });

  it('leaves percent-encoding as it is', () => {
    expect(parseStoreUrl('postgres://us%20er:p%40ss@host/my%2Fdb?schema=x').connectionString).toBe(
      'postgres://us%20er:p%40ss@host/my%2Fdb',
    );
  });
});
