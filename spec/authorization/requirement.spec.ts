import { describe, expect, it } from 'vitest';
import { readRequirement } from '../../lib/authorization/questions.js';
import { createAuth } from '../support/auth.js';
import { failure } from '../support/failure.js';
import { KAPACITORS } from '../support/policy.js';

const mistake = (message: string) =>
  failure('CONFIG_INVALID', 500, expect.stringContaining(`requirePrivilege: ${message}`) as never);

/** Resources that no router could be asked for. */
const MANY = '/api/%252541/..;x//B/%2e%2e/C;y\\..\\d#e?f';

describe('requirePrivilege', () => {
  it.each<[readonly unknown[], string]>([
    [['/api/config'], `"/api/config" is a resource: did you mean requirePrivilege(undefined, '/api/config')?`],
    [['/config'], `"/config" is a resource: did you mean requirePrivilege(undefined, '/api/config')?`],
    [
      ['/kapacitor/v1/config'],
      `"/kapacitor/v1/config" is a resource: did you mean requirePrivilege(undefined, '/api/config')?`,
    ],
    [['/api/config', 'read'], `"/api/config" is a resource: did you mean requirePrivilege('read', '/api/config')?`],
    [
      ['/api/config', { any: 1 }],
      `"/api/config" is a resource: did you mean requirePrivilege(undefined, '/api/config')?`,
    ],
    [['GET'], `"GET" is a method: did you mean requirePrivilege('read')?`],
    [['post'], `"post" is a method: did you mean requirePrivilege('write')?`],
    [['write_points'], '"write_points" is a permission, not a privilege: there are read, write, delete and all'],
    [['create'], 'there is no privilege "create": there are read, write, delete and all'],
    [['wrlte'], 'there is no privilege "wrlte": did you mean write?'],
    [['raed'], 'there is no privilege "raed": did you mean read?'],
    [['wirte'], 'there is no privilege "wirte": did you mean write?'],
    [['rade'], 'there is no privilege "rade": there are read, write, delete and all'],
    [['Read'], 'there is no privilege "Read": did you mean read?'],
    [[''], 'there is no privilege "": '],
    [['__proto__'], 'there is no privilege "__proto__": there are read, write, delete and all'],
    [[{}], 'a privilege is read, write, delete or all, not an object'],
    [[['read']], 'a privilege is read, write, delete or all, not an array'],
    [[null], 'a privilege is read, write, delete or all, not null'],
    [[true], 'a privilege is read, write, delete or all, not a boolean'],
  ])('refuses an invalid privilege: %j', (given, message) => {
    expect(() => readRequirement(given, KAPACITORS)).toThrow(mistake(message));
  });

  const BEGINS = 'a resource begins with "/api", such as "/api/write"';

  it.each<[readonly unknown[], string]>([
    [[undefined, 'config'], `${BEGINS}: did you mean requirePrivilege(undefined, '/api/config')?`],
    [['read', '/write'], `${BEGINS}: did you mean requirePrivilege('read', '/api/write')?`],
    [['read', '/kapacitor/v1/write'], `${BEGINS}: did you mean requirePrivilege('read', '/api/write')?`],
    [['read', '/apiary'], `${BEGINS}: did you mean requirePrivilege('read', '/api/apiary')?`],
    [['read', '/API/config'], BEGINS],
    [['read', 'http://host/api/config'], BEGINS],
    [['read', MANY.slice('/api'.length)], `${BEGINS}: did you mean requirePrivilege('read', '/api')?`],
    [['read', ''], BEGINS],
    [['read', null], `a resource is a text such as '/api/write', not null`],
    [['read', { resource: '/api/config' }], `a resource is a text such as '/api/write', not an object`],
  ])('refuses an invalid resource: %j', (given, message) => {
    expect(() => readRequirement(given, KAPACITORS)).toThrow(mistake(message));
  });

  it.each([
    ['/api/x/../config', '/api/config'],
    ['/api/./config', '/api/config'],
    ['/api//config', '/api/config'],
    ['/api/CONFIG', '/api/config'],
    ['/api/%63onfig', '/api/config'],
    ['/api/config?x', '/api/config'],
    ['/api/config#x', '/api/config'],
    ['/api/config;x', '/api/config'],
    ['/api/x\\..\\config', '/api/config'],
    ['/api/kapacitor/v1/config/influxdb', '/api/config/influxdb'],
    ['/api/tasks/../users', '/api/users'],
    ['/api/config/..', '/api/'],
  ])('refuses a resource that a router would read as another one: %s', (resource, reading) => {
    const meant = `can be read as "${reading}": did you mean requirePrivilege('read', '${reading}')?`;
    expect(() => readRequirement(['read', resource], KAPACITORS)).toThrow(
      mistake(`${JSON.stringify(resource)} ${meant}`),
    );
  });

  it('refuses a resource that can be read in too many ways', () => {
    expect(() => readRequirement(['read', MANY], KAPACITORS)).toThrow(
      mistake(`routers can read ${JSON.stringify(MANY)} in too many ways`),
    );
  });

  it('refuses more arguments than it has', async () => {
    const { requirePrivilege } = await createAuth();
    expect(() => (requirePrivilege as (...given: string[]) => unknown)('read', '/api/a', '/api/b')).toThrow(
      failure('CONFIG_INVALID', 500, 'requirePrivilege takes a privilege and a resource, and no more arguments'),
    );
  });

  it.each<[readonly unknown[]]>([
    [[]],
    [[undefined]],
    [['read']],
    [['write', undefined]],
    [['delete', '/api']],
    [['all', '/api/']],
    [[undefined, '/api/config/']],
    [[undefined, '/api/config/influxdb']],
    [[undefined, '/api/users']],
    [[undefined, '/api/Reports/größe']],
    [[undefined, '/api/reports/:id']],
  ])('accepts %j', (given) => {
    expect(readRequirement(given, KAPACITORS)).toEqual({ privilege: given[0], resource: given[1] });
  });
});
