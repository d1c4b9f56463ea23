import { describe, expect, it } from 'vitest';
import { attempt, NAME, ORIGIN, PASSWORD, setUpAuthenticator } from '../support/authenticator.js';
import { from } from '../support/origin.js';

const NEW = 'another password';

describe('a client that still sends a former password', () => {
  it('is refused without bcrypt, and does not keep the new password out', async () => {
    const { authenticator, users, verify } = await setUpAuthenticator();
    await authenticator.authenticate(...attempt(NAME, PASSWORD));
    await users.update(NAME, { password: NEW });
    verify.mockClear();
    for (let index = 0; index < 50; index += 1) {
      expect(await authenticator.authenticate(...attempt(NAME, PASSWORD))).toBeUndefined();
    }
    expect(verify).toHaveBeenCalledTimes(1);
    expect(await authenticator.authenticate(...attempt(NAME, NEW))).toMatchObject({ name: NAME });
  });

  it('is verified again after each further change, and let in if its password is the current one again', async () => {
    const { authenticator, users, verify } = await setUpAuthenticator();
    await authenticator.authenticate(...attempt(NAME, PASSWORD));
    await users.update(NAME, { password: NEW });
    await authenticator.authenticate(...attempt(NAME, PASSWORD));
    await users.update(NAME, { password: PASSWORD });
    expect(await authenticator.authenticate(...attempt(NAME, PASSWORD))).toMatchObject({ name: NAME });
    expect(verify).toHaveBeenCalledTimes(3);
  });

  it('is treated the same with the cache switched off', async () => {
    const { authenticator, users } = await setUpAuthenticator(0);
    await authenticator.authenticate(...attempt(NAME, PASSWORD));
    await users.update(NAME, { password: NEW });
    for (let index = 0; index < 20; index += 1) await authenticator.authenticate(...attempt(NAME, PASSWORD));
    expect(await authenticator.authenticate(...attempt(NAME, NEW))).toMatchObject({ name: NAME });
  });

  it('may write the password in another form of Unicode', async () => {
    const { authenticator, users, verify } = await setUpAuthenticator();
    const composed = 'pässwörd'.normalize('NFC');
    const decomposed = composed.normalize('NFD');
    await users.update(NAME, { password: composed });
    for (const password of [composed, decomposed]) await authenticator.authenticate(...attempt(NAME, password));
    await users.update(NAME, { password: NEW });
    for (const password of [composed, decomposed]) await authenticator.authenticate(...attempt(NAME, password));
    verify.mockClear();
    for (const password of [composed, decomposed]) {
      for (let index = 0; index < 20; index += 1) await authenticator.authenticate(...attempt(NAME, password));
    }
    expect(verify).not.toHaveBeenCalled();
    expect(await authenticator.authenticate(...attempt(NAME, NEW))).toMatchObject({ name: NAME });
  });

  it('cannot make the server verify without limit by spelling the password in many ways', async () => {
    const { authenticator, users, verify } = await setUpAuthenticator();
    const password = 'a b c d e f';
    const spaces = [' ', '\u00a0'];
    const spellings = Array.from({ length: 32 }, (_, index) =>
      [...password].map((each, at) => (each === ' ' ? spaces[(index >> ((at - 1) / 2)) & 1] : each)).join(''),
    );
    await users.update(NAME, { password });
    for (const spelling of spellings) {
      expect(await authenticator.authenticate(...attempt(NAME, spelling))).toMatchObject({ name: NAME });
    }
    await users.update(NAME, { password: NEW });
    verify.mockClear();
    const outcomes = spellings.map((spelling) => authenticator.authenticate(...attempt(NAME, spelling)));
    await Promise.allSettled(outcomes);
    for (const spelling of spellings) await authenticator.authenticate(...attempt(NAME, spelling)).catch(() => {});
    // Ten failures of former passwords do not count, and ten do.
    expect(verify.mock.calls.length).toBeLessThanOrEqual(20);
  });

  it('causes an audit event like any wrong password', async () => {
    const { authenticator, users, audit } = await setUpAuthenticator();
    await authenticator.authenticate(...attempt(NAME, PASSWORD));
    await users.update(NAME, { password: NEW });
    audit.mockClear();
    for (let index = 0; index < 2; index += 1) await authenticator.authenticate(...attempt(NAME, PASSWORD));
    expect(audit.mock.calls.map(([event, details]) => [event, details().reason])).toEqual([
      ['login-failed', 'wrong-password'],
      ['login-failed', 'wrong-password'],
    ]);
  });

  it('counts as a guess, with bcrypt, if it was never let in', async () => {
    const { authenticator, users, verify } = await setUpAuthenticator();
    await authenticator.authenticate(...attempt(NAME, PASSWORD));
    await users.update(NAME, { password: NEW });
    verify.mockClear();
    const elsewhere = from('192.0.2.2');
    for (let index = 0; index < 9; index += 1) {
      await authenticator.authenticate(...attempt(NAME, `guess ${index}`, elsewhere));
    }
    expect(await authenticator.authenticate(...attempt(NAME, PASSWORD, elsewhere))).toBeUndefined();
    expect(verify).toHaveBeenCalledTimes(10);
    await expect(authenticator.authenticate(...attempt(NAME, NEW, elsewhere))).rejects.toMatchObject({
      code: 'THROTTLED',
    });
  });

  it('does not learn whether a guess was the former password after too many failures', async () => {
    const { authenticator, users } = await setUpAuthenticator();
    await authenticator.authenticate(...attempt(NAME, PASSWORD));
    await users.update(NAME, { password: NEW });
    await authenticator.authenticate(...attempt(NAME, PASSWORD));
    for (let index = 0; index < 10; index += 1) await authenticator.authenticate(...attempt(NAME, `guess ${index}`));
    for (const password of [PASSWORD, 'guess']) {
      await expect(authenticator.authenticate(...attempt(NAME, password))).rejects.toMatchObject({ code: 'THROTTLED' });
    }
  });
});

describe('a client of a user who was disabled or deleted since its login', () => {
  it.each(['disabled', 'deleted'])('does not keep the user out later: %s', async (how) => {
    const { authenticator, users, verify } = await setUpAuthenticator();
    await authenticator.authenticate(...attempt(NAME, PASSWORD));
    if (how === 'disabled') await users.update(NAME, { enabled: false });
    else await users.delete(NAME);
    verify.mockClear();
    for (let index = 0; index < 50; index += 1) {
      expect(await authenticator.authenticate(...attempt(NAME, PASSWORD, ORIGIN))).toBeUndefined();
    }
    expect(verify).not.toHaveBeenCalled();
    if (how === 'disabled') await users.update(NAME, { enabled: true });
    else await users.create({ name: NAME, password: PASSWORD });
    expect(await authenticator.authenticate(...attempt(NAME, PASSWORD))).toMatchObject({ name: NAME });
  });
});
