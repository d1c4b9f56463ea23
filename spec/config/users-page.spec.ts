import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../lib/config/config.js';
import { MemoryUserRepository } from '../../lib/stores/memory.js';
import { configFile, fromCode, problemsOf, reportOf, settingOf } from './resolve.js';

const DEFAULTS = { lifetime: 43_200_000, idle: 3_600_000 };

describe('the page for users', () => {
  it('is off, and so are sessions, unless it is switched on', () => {
    expect(fromCode({}).config.http).toMatchObject({ usersPage: false, sessions: false });
    expect(fromCode({ http: { usersPage: false } }).config.http.sessions).toBe(false);
  });

  it('switches sessions on, with their defaults', () => {
    expect(fromCode({ http: { usersPage: true } }).config.http.sessions).toMatchObject(DEFAULTS);
  });

  it('leaves sessions as they are set', () => {
    const { sessions } = fromCode({ http: { usersPage: true, sessions: { lifetime: '8h' } } }).config.http;
    expect(sessions).toMatchObject({ lifetime: 28_800_000 });
    const file = configFile('[auth]\nenabled = true\n[http.sessions]\nlifetime = "8h"\n');
    const { config } = resolveConfig(file, { http: { usersPage: true } }, {});
    expect(config.http.sessions).toMatchObject({ lifetime: 28_800_000 });
  });

  it('cannot be without them: sessions that its own source or a stronger one switches off are an error', () => {
    const text = (page: string, sessions: string) =>
      `${page}: people sign in to this page, so that it needs sessions: remove  ${sessions} = false, or set it to true`;
    expect(problemsOf(() => fromCode({ http: { usersPage: true, sessions: false } }))).toEqual([
      text('http.usersPage', 'http.sessions'),
    ]);
    const file = configFile('[auth]\nenabled = true\n[http]\nusers-page = true\n');
    expect(problemsOf(() => resolveConfig(file, {}, { KAPACITOR_HTTP_SESSIONS: 'false' }))).toEqual([
      text('kapacitor.conf, line 4: [http] users-page', 'KAPACITOR_HTTP_SESSIONS'),
    ]);
  });

  it('switches sessions on that a weaker source switches off', () => {
    const file = configFile('[auth]\nenabled = true\n[http]\nsessions = false\n');
    const { config } = resolveConfig(file, {}, { KAPACITOR_HTTP_USERS_PAGE: 'true' });
    expect(config.http.sessions).toMatchObject(DEFAULTS);
  });

  it('is reported as the reason for sessions', () => {
    const report = reportOf('[auth]\nenabled = true\n[http]\nusers-page = true\n');
    expect(settingOf(report, 'sessions')).toEqual({ value: 'true', from: 'kapacitor.conf, line 4' });
  });

  it('needs a store that keeps sessions', () => {
    const { find, list, insert, replace, remove } = MemoryUserRepository.prototype;
    const auth = { store: { find, list, insert, replace, remove } };
    expect(problemsOf(() => fromCode({ http: { usersPage: true }, auth }))).toEqual([
      expect.stringMatching(
        /^http\.usersPage: the repository in auth\.store keeps no sessions: it lacks secrets\.find,/,
      ),
    ]);
  });

  it('does not matter while there are no users', () => {
    const { warnings } = fromCode({
      http: { authEnabled: false, usersPage: true, sessions: false },
      auth: { enabled: false },
    });
    expect(warnings).toContainEqual(
      expect.stringMatching(/^http\.usersPage: .* \(ignored: \[auth\] enabled is false\)$/),
    );
  });

  it('is switched on by nothing but true and false: a mistake of it or of sessions is reported alone', () => {
    expect(problemsOf(() => fromCode({ http: { usersPage: 'on' as never, sessions: false } }))).toEqual([
      'http.usersPage: must be true or false, not "on"',
    ]);
    expect(problemsOf(() => fromCode({ http: { usersPage: true, sessions: 1 as never } }))).toEqual([
      expect.stringMatching(/^http\.sessions: must be true, false/),
    ]);
  });
});
