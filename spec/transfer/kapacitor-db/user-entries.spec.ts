import { describe, it } from 'vitest';
import type { BoltEntry } from '../../support/bolt-writer.js';
import { recordFor, refusalOf } from './damaged.js';

describe("a Kapacitor's users and their index", () => {
  const record = (name: string): BoltEntry => ({ key: `/users/data/${name}`, value: recordFor(name) });
  const index = (name: string, value = name): BoltEntry => ({ key: `/users/indexes/username/${name}`, value });

  it.each<[string, BoltEntry[], string]>([
    [
      'a user is not in the index',
      [record('a'), record('b'), index('a')],
      'the users and their index differ: "b" beside nothing',
    ],
    [
      'the index has a user more',
      [record('a'), index('a'), index('b')],
      'the index has the user "b", and there is no such user',
    ],
    ['they have different users', [record('a'), index('b')], 'the users and their index differ: "a" beside "b"'],
    ['the index leads to another', [record('a'), index('a', 'b')], 'the index leads from "a" to another user'],
    ['".." is not in the index', [record('..')], 'the user ".." is not in the index'],
    [
      'only the index has ".."',
      [record('a'), { key: '/users/indexes', value: '..' }, index('a')],
      'the index has the user "..", and there is no such user',
    ],
    [
      '".." leads to another',
      [record('..'), { key: '/users/indexes', value: 'x' }],
      'the index leads from ".." to another user',
    ],
    [
      'the record is of another',
      [{ key: '/users/data/a', value: recordFor('b') }, index('a')],
      'the record of the user "a" is that of another user',
    ],
    [
      'a key is none of theirs',
      [{ key: '/tasks/data/a', value: '' }],
      'it has the key "/tasks/data/a" among the users, which Kapacitor never writes',
    ],
    ['a key comes after theirs', [{ key: '/users/x', value: '' }], 'it has the key "/users/x" among the users'],
    [
      'another index is there',
      [{ key: '/users/indexes/id/a', value: 'a' }],
      'it has the key "/users/indexes/id/a" among',
    ],
    [
      'a step is in the index by its name',
      [record('..'), index('..')],
      'it has the key "/users/indexes/username/.." among',
    ],
    ['a name is empty', [record('')], 'it has the key "/users/data/" among the users'],
    ['a name is a path', [record('a/b'), index('a/b')], 'it has the key "/users/indexes/username/a/b" among the users'],
    [
      'a name is not UTF-8',
      [{ key: Buffer.from([...Buffer.from('/users/data/'), 0xff]), value: '' }],
      'it has a user whose key is not UTF-8',
    ],
    ['a token has no index', [record('_sub:s3cret')], 'the users and their index differ: "_sub:…" beside nothing'],
    [
      'a token’s key is odd',
      [{ key: '/users/data/_sub:s3cret/x', value: '' }],
      'it has the key "/users/data/_sub:…" among the users',
    ],
  ])('are refused when %s', async (_what, entries, message) => {
    await refusalOf(entries, message);
  });
});
