import { keyProblem } from '../argument-checks.js';
import { describeType, describeValue } from '../safe-text.js';
import { SIGN_IN_TEXTS, type SignInTexts } from '../sign-in-texts.js';
import { booleanKind, durationKind, inQuotes, type Kind } from './kinds.js';
import type { ResolvedSessions, SessionsConfig } from './options.js';

const DEFAULT_LIFETIME = 12 * 3_600_000;
const DEFAULT_IDLE = 3_600_000;
/** Uses are recorded once a minute, so a session that is in use may look as if its last use were a minute ago. */
const SHORTEST = 120_000;
/** Browsers keep no cookie longer: 400 days. */
const LONGEST = 400 * 24 * 3_600_000;

const KEYS = ['lifetime', 'idle', 'texts'];
const EXPECTED = 'true, false, or lifetime and idle, such as { lifetime = "12h", idle = "1h" }';

/** Reads a duration of one source. */
type ReadDuration = (value: unknown) => number | undefined;

/** Whether there are sessions, and how long they last. False: none. */
export const sessionsKind: Kind<ResolvedSessions | false> = {
  expected: EXPECTED,
  example: 'true',
  fromValue: (value) => read(value, durationKind.fromValue),
  fromCode: (value) => read(value, durationFromCode),
  fromText: (text) => read(booleanKind.fromText(text), durationKind.fromValue),
  // A duration that is wrong in code is wrong in a file as well.
  faultOf: (value) =>
    typeof value === 'object' && value !== null
      ? (faultOf(value, durationFromCode) ?? faultOf(value, durationKind.fromValue))
      : undefined,
  toToml: (sessions) => (sessions === false ? 'false' : tableOf(sessions)),
};

export const DEFAULT_SESSIONS: ResolvedSessions = resolved({}, durationFromCode);

function durationFromCode(value: unknown): number | undefined {
  return durationKind.fromCode?.(value);
}

function read(value: unknown, duration: ReadDuration): ResolvedSessions | false | undefined {
  if (value === false) return false;
  const given = value === true ? {} : value;
  return faultOf(given, duration) === undefined ? resolved(given as object, duration) : undefined;
}

/** @param given without a fault */
function resolved(given: SessionsConfig, duration: ReadDuration): ResolvedSessions {
  const lifetime = given.lifetime === undefined ? DEFAULT_LIFETIME : (duration(given.lifetime) as number);
  const idle = given.idle === undefined ? Math.min(DEFAULT_IDLE, lifetime) : (duration(given.idle) as number);
  const texts = Object.entries(given.texts ?? {}).filter(([, text]) => text !== undefined);
  return Object.freeze({
    lifetime,
    idle,
    texts: Object.freeze({ ...SIGN_IN_TEXTS, ...Object.fromEntries(texts) }),
  });
}

function faultOf(value: unknown, duration: ReadDuration): string | undefined {
  const problem = keyProblem(value, { owner: 'sessions', noun: 'option', keys: KEYS });
  if (problem !== undefined) return problem;
  const { lifetime, idle, texts } = value as Readonly<Record<string, unknown>>;
  const [shortest, longest] = [SHORTEST, LONGEST].map(durationKind.toToml);
  const isWithin = (given: unknown, most: number) => {
    const milliseconds = duration(given);
    return given === undefined || (milliseconds !== undefined && milliseconds >= SHORTEST && milliseconds <= most);
  };
  if (!isWithin(lifetime, LONGEST)) {
    return `lifetime must be a duration from ${shortest} to ${longest} (400 days), not ${describeValue(lifetime)}`;
  }
  const most = lifetime === undefined ? DEFAULT_LIFETIME : (duration(lifetime) as number);
  if (!isWithin(idle, most)) {
    return `idle must be a duration from ${shortest} to the lifetime (${durationKind.toToml(most)}), not ${describeValue(idle)}`;
  }
  return texts === undefined ? undefined : textsFault(texts);
}

function textsFault(texts: unknown): string | undefined {
  const problem = keyProblem(texts, { owner: 'texts', noun: 'option', keys: Object.keys(SIGN_IN_TEXTS) });
  if (problem !== undefined) return problem;
  const given = Object.entries(texts as object).filter(([, text]) => text !== undefined);
  const odd = given.find(([, text]) => typeof text !== 'string');
  if (odd !== undefined) return `texts: ${odd[0]} must be a text, not ${describeType(odd[1])}`;
  const { lang = 'en', dir = 'ltr' } = texts as Partial<SignInTexts>;
  if (!isLanguage(lang))
    return `texts: lang must be a language tag, such as "de" or "pt-BR", not ${describeValue(lang)}`;
  return dir === 'ltr' || dir === 'rtl' ? undefined : `texts: dir must be "ltr" or "rtl", not ${describeValue(dir)}`;
}

function isLanguage(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}

function tableOf({ lifetime, idle, texts }: ResolvedSessions): string {
  const own = Object.entries(texts).filter(([name, text]) => text !== SIGN_IN_TEXTS[name as keyof SignInTexts]);
  if (lifetime === DEFAULT_LIFETIME && idle === DEFAULT_IDLE && own.length === 0) return 'true';
  const entries = [
    `lifetime = ${durationKind.toToml(lifetime)}`,
    `idle = ${durationKind.toToml(idle)}`,
    ...(own.length === 0 ? [] : [`texts = { ${own.map(([name, text]) => `${name} = ${inQuotes(text)}`).join(', ')} }`]),
  ];
  return `{ ${entries.join(', ')} }`;
}
