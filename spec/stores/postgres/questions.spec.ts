import { expect, it } from 'vitest';
import { QueriesInFlight, type UserQuery } from '../../../lib/stores/postgres/user-reader.js';

/** Questions that are answered when the spec says so. */
function createQuestions() {
  const questions = new QueriesInFlight<string>();
  const ask = (name: string) => {
    let question = undefined as unknown as UserQuery;
    let resolve: (answer: string) => void = () => {};
    let reject: (error: Error) => void = () => {};
    const promise = new Promise<string>((...settle) => {
      [resolve, reject] = settle;
    });
    const answer = questions.send(name, 1, (put) => {
      question = put;
      return promise;
    });
    return { question, answer, resolve, reject };
  };
  return { questions, ask };
}

it('nothing is under way for a name before it is asked for, nor when it has been answered', async () => {
  const { questions, ask } = createQuestions();
  expect(questions.latest('someone')).toBeUndefined();
  const { answer, resolve } = ask('someone');
  expect(questions.latest('someone')).toBe(answer);
  expect(questions.latest('other')).toBeUndefined();
  resolve('answer');
  expect(await answer).toBe('answer');
  expect(questions.latest('someone')).toBeUndefined();
});

it('a question that was asked earlier than somebody came does not count for them', async () => {
  const { questions, ask } = createQuestions();
  const { answer, resolve } = ask('someone');
  expect(questions.latest('someone', 1)).toBe(answer);
  expect(questions.latest('someone', 2)).toBeUndefined();
  resolve('answer');
  await answer;
});

it('a question that fails is over as well', async () => {
  const { questions, ask } = createQuestions();
  const { answer, reject } = ask('someone');
  reject(new Error('no answer'));
  await expect(answer).rejects.toThrow('no answer');
  expect(questions.latest('someone')).toBeUndefined();
});

it('the latest of several is the one that was asked last', async () => {
  const { questions, ask } = createQuestions();
  const [first, second] = [ask('someone'), ask('someone')];
  expect(questions.latest('someone')).toBe(second.answer);
  second.resolve('second');
  await second.answer;
  expect(questions.latest('someone')).toBeUndefined();
  first.resolve('first');
  await first.answer;
});

it('an answer makes what was asked before it outdated, and not what was asked after it', async () => {
  const { questions, ask } = createQuestions();
  const [first, second, third] = [ask('someone'), ask('someone'), ask('someone')];
  const other = ask('other');
  second.resolve('second');
  await second.answer;
  expect([first, second, third, other].map(({ question }) => question.isOutdated)).toEqual([true, false, false, false]);
  expect(questions.latest('someone')).toBe(third.answer);
});

it('a change makes all that was asked about the user outdated, and nobody joins it', () => {
  const { questions, ask } = createQuestions();
  const [first, second, other] = [ask('someone'), ask('someone'), ask('other')];
  questions.outdate('someone');
  questions.outdate('nobody');
  expect([first, second, other].map(({ question }) => question.isOutdated)).toEqual([true, true, false]);
  expect(questions.latest('someone')).toBeUndefined();
  expect(questions.latest('other')).toBe(other.answer);
  const later = ask('someone');
  expect(later.question.isOutdated).toBe(false);
  expect(questions.latest('someone')).toBe(later.answer);
});

it('a change of everybody makes every question outdated', () => {
  const { questions, ask } = createQuestions();
  const asked = [ask('someone'), ask('someone'), ask('other')];
  questions.outdateAll();
  expect(asked.every(({ question }) => question.isOutdated)).toBe(true);
});

it('a question knows when it was asked', () => {
  const { ask } = createQuestions();
  expect(ask('someone').question.askedAt).toBe(1);
});
