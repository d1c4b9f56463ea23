import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../lib/config/config.js';
import { MemoryUserRepository } from '../../lib/stores/memory.js';
import { configFile, fromCode, problemsOf } from './resolve.js';

describe('the sessions in code', () => {
  it.each<[unknown, string]>([
    [{ lifetim: '12h' }, 'unknown option "lifetim": did you mean lifetime?'],
    [{ maxAge: '12h' }, 'unknown option "maxAge": sessions has lifetime, idle and texts'],
    [[], 'sessions must be an object with lifetime, idle and texts, not an array'],
    [{ lifetime: '1m' }, 'lifetime must be a duration from "2m" to "9600h" (400 days), not "1m"'],
    [{ lifetime: '9601h' }, 'lifetime must be a duration from "2m" to "9600h" (400 days), not "9601h"'],
    [{ lifetime: '12' }, 'lifetime must be a duration from "2m" to "9600h" (400 days), not "12"'],
    [{ idle: 119_999 }, 'idle must be a duration from "2m" to the lifetime ("12h"), not 119999'],
    [{ idle: 0 }, 'idle must be a duration from "2m" to the lifetime ("12h"), not 0'],
    [{ idle: '13h' }, 'idle must be a duration from "2m" to the lifetime ("12h"), not "13h"'],
    [{ lifetime: '1h', idle: '2h' }, 'idle must be a duration from "2m" to the lifetime ("1h"), not "2h"'],
    [{ idle: null }, 'idle must be a duration from "2m" to the lifetime ("12h"), not null'],
    [{ texts: { pasword: 'Mot de passe' } }, 'unknown option "pasword": did you mean password?'],
    [{ texts: 'fr' }, expect.stringMatching(/^texts must be an object with lang, dir, name, .*, not a text$/) as never],
    [{ texts: { name: 3 } }, 'texts: name must be a text, not a number'],
    [{ texts: { lang: 'no such' } }, 'texts: lang must be a language tag, such as "de" or "pt-BR", not "no such"'],
    [{ texts: { lang: '' } }, 'texts: lang must be a language tag, such as "de" or "pt-BR", not ""'],
    [{ texts: { dir: 'left' } }, 'texts: dir must be "ltr" or "rtl", not "left"'],
  ])('cannot be %j', (sessions, fault) => {
    const problems = problemsOf(() => fromCode({ http: { sessions: sessions as never } }));
    expect(problems).toEqual([
      typeof fault === 'string' ? `http.sessions: ${fault}` : expect.stringContaining('http.sessions: texts must be'),
    ]);
  });

  it('keep no object of the caller', () => {
    const texts = { name: 'Nom', lang: 'fr', dir: 'ltr' as const };
    const { sessions } = fromCode({ http: { sessions: { texts } } }).config.http;
    texts.name = 'changed';
    expect(sessions).toMatchObject({ texts: { name: 'Nom', lang: 'fr', password: 'Password' } });
    expect(Object.isFrozen(sessions) && sessions && Object.isFrozen(sessions.texts)).toBe(true);
  });
});

describe('the sessions in a file', () => {
  const read = (toml: string) => resolveConfig(configFile(`[auth]\nenabled = true\n${toml}`), {}, {});

  it('may be a section of their own, with the words of the page below it', () => {
    const { config } = read('[http.sessions]\nlifetime = "8h"\nidle = "30m"\n[http.sessions.texts]\nlang = "fr"\n');
    expect(config.http.sessions).toMatchObject({
      lifetime: 28_800_000,
      idle: 1_800_000,
      texts: { lang: 'fr', name: 'Name' },
    });
  });

  it('have durations with a unit: a number is a problem on its line', () => {
    const problems = problemsOf(() => read('[http.sessions]\nlifetime = 3600\n'));
    expect(problems).toEqual([
      expect.stringContaining(
        'line 3: [http] sessions: lifetime must be a duration from "2m" to "9600h" (400 days), not 3600',
      ),
    ]);
  });

  it('give way to the environment as a whole', () => {
    const file = configFile('[auth]\nenabled = true\n[http]\nsessions = { lifetime = "8h" }\n');
    const { sessions } = resolveConfig(file, {}, { KAPACITOR_HTTP_SESSIONS: 'true' }).config.http;
    expect(sessions).toMatchObject({ lifetime: 43_200_000, idle: 3_600_000 });
  });
});

describe('sessions with a store of the app’s own', () => {
  const { find, list, insert, replace, remove } = MemoryUserRepository.prototype;
  const store = { find, list, insert, replace, remove };
  const start = (auth: object, http: object = {}) => fromCode({ http: { sessions: true, ...http }, auth });

  it('need all methods for secrets: the message names the missing ones', () => {
    expect(problemsOf(() => start({ store }))).toEqual([
      'http.sessions: the repository in auth.store keeps no sessions: it lacks secrets.find, secrets.list, secrets.insert, ' +
        'secrets.remove, secrets.removeAll, secrets.recordUses and secrets.removeExpired',
    ]);
    const partly = { ...store, secrets: { ...new MemoryUserRepository().secrets, find, list, insert, remove } };
    expect(problemsOf(() => start({ store: partly }))).toEqual([
      'http.sessions: the repository in auth.store keeps no sessions: it lacks secrets.removeAll, secrets.recordUses and secrets.removeExpired',
    ]);
  });

  it('need nothing while they are off, or while there are no users', () => {
    expect(start({ store }, { sessions: false }).config.http.sessions).toBe(false);
    const { warnings } = start({ store, enabled: false }, { authEnabled: false });
    expect(warnings).toContainEqual(
      expect.stringMatching(/^http\.sessions: .* \(ignored: \[auth\] enabled is false\)$/),
    );
  });

  it('are possible with a store that has them', () => {
    expect(start({ store: new MemoryUserRepository() }).config.http.sessions).toBeTruthy();
  });
});
