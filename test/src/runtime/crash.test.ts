import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Act, MessageLife } from './crashBench.ts';
import {
  eachCrash,
  fakeDeadlines,
  type LifeOptions,
  liveThrough,
  lost,
  realDeadlines,
} from './crashBench.ts';

beforeEach(fakeDeadlines);
afterEach(realDeadlines);

describe('a crash between any two steps of the outcome code', () => {
  test('is one between all that are told apart here', async () => {
    const lives = await eachCrash(() => ({ acts: ['throw'], maxAttempts: 2 }));
    expect(lives.map(({ between }) => between)).toEqual([
      'running m0 | a visibility is to change',
      'a visibility is to change | a visibility has changed',
      'a visibility has changed | logged retry',
      'logged retry | reported',
      'reported | running m0',
      'running m0 | a dead letter is to be sent',
      'a dead letter is to be sent | a dead letter was sent',
      'a dead letter was sent | logged dead',
      'logged dead | reported',
      'reported | acknowledged m0',
      'acknowledged m0 | the end',
    ]);
  });

  test.each<[string, Act[]]>([
    ['alone', ['succeed']],
    ['beside all others', ['succeed', 'throw', 'throw once', 'refuse', 'succeed']],
  ])(
    'a job that succeeds, %s, has its effect again exactly when it was not acknowledged',
    async (_case, acts) => {
      for (const { between, life } of await eachCrash(() => ({ acts, maxAttempts: 2 }))) {
        expect([between, lost(life)]).toEqual([between, []]);
        for (const { act, effects, atCrash, letters } of life.messages) {
          if (act !== 'succeed') continue;
          const expected = atCrash?.acknowledged ? 1 : (atCrash?.effects ?? 0) + 1;
          expect([between, effects, letters]).toEqual([between, expected, []]);
        }
      }
    },
  );

  test('a job that throws is dead for its own error, or for its lost last attempt; twice if it was sent but not acknowledged', async () => {
    for (const { between, life } of await eachCrash(() => ({ acts: ['throw', 'succeed'], maxAttempts: 2 }))) {
      expect([between, lost(life)]).toEqual([between, []]);
      const [{ letters, atCrash }] = life.messages as [MessageLife];
      const expected = (atCrash?.letters ?? 0) + (atCrash?.acknowledged ? 0 : 1);
      expect([between, letters.length]).toEqual([between, expected]);
      expect(letters.every((name) => name === 'TypeError' || name === 'LostAttemptError')).toBe(true);
    }
  });

  test('a job that is not to be retried is dead for that, at its next attempt if need be', async () => {
    for (const { between, life } of await eachCrash(() => ({ acts: ['refuse', 'throw'], maxAttempts: 2 }))) {
      expect([between, lost(life)]).toEqual([between, []]);
      const letters = life.messages[0]?.letters ?? [];
      expect([between, new Set(letters)]).toEqual([between, new Set(['NonRetryableError'])]);
    }
  });

  test('a job with one attempt is not run again, but is a dead letter that says so', async () => {
    for (const { between, life } of await eachCrash(() => ({ acts: ['succeed'], maxAttempts: 1 }))) {
      const [message] = life.messages;
      expect([between, lost(life)]).toEqual([between, []]);
      expect(message?.effects).toBeLessThanOrEqual(1);
      expect([between, message?.letters]).toEqual([
        between,
        message?.atCrash?.acknowledged ? [] : ['LostAttemptError'],
      ]);
    }
  });

  test('two crashes, anywhere, lose nothing', async () => {
    const options: LifeOptions = { acts: ['succeed', 'throw', 'refuse'], maxAttempts: 3 };
    const { steps } = await liveThrough(options);
    // A crash makes for more steps: the second may come in what it added.
    const places = Array.from({ length: steps.length * 2 }, (_, index) => index + 1);
    for (const first of places.slice(0, steps.length)) {
      for (const second of places.filter((place) => place > first)) {
        const life = await liveThrough({
          ...options,
          crashesAt: (step) => step === first || step === second,
        });
        expect([first, second, lost(life)]).toEqual([first, second, []]);
        const [succeeds, ...dead] = life.messages;
        expect(succeeds?.effects).toBeGreaterThan(0);
        for (const { letters, effects } of dead) expect([letters.length > 0, effects]).toEqual([true, 0]);
      }
    }
  });

  test('a process that crashes at the same step every time leaves its messages to the redrive policy', async () => {
    const options: LifeOptions = { acts: ['succeed', 'throw', 'refuse'], maxAttempts: 2 };
    const { steps } = await liveThrough(options);
    for (const place of new Set(steps)) {
      const life = await liveThrough({ ...options, crashesAt: (_step, name) => name === place });
      expect([place, lost(life)]).toEqual([place, []]);
      expect(life.deliveries).toBeLessThanOrEqual(4);
    }
    const life = await liveThrough({
      ...options,
      crashesAt: (_step, name) => name === 'a dead letter is to be sent',
    });
    expect(life.messages.map(({ letters }) => letters)).toEqual([['moved'], ['moved'], ['moved']]);
  });
});
