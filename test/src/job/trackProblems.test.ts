import { describe, expect, test } from '@jest/globals';
import { uploadsBounds } from '../../../src/job/bounds.ts';
import { jobProblems } from '../../../src/job/check/problems.ts';
import { defineJob } from '../../../src/job/index.ts';

const run = () => undefined;
const contentTypes = ['text/plain'];

function problemsOf(options: object) {
  return jobProblems(defineJob({ run, ...options } as never));
}

function optionsAtFault(options: object): string[] {
  return problemsOf(options).map(({ option }) => option);
}

describe('track', () => {
  test.each([[true], [false], [undefined]])('may be %j', (track) => {
    expect(problemsOf({ track })).toEqual([]);
  });

  test.each([['yes'], [1], [null], [{}]])('cannot be %j', (track) => {
    expect(optionsAtFault({ track })).toEqual(['track']);
  });
});

describe('uploads', () => {
  test.each([
    [{ contentTypes }],
    [
      {
        contentTypes: ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'image/svg+xml'],
      },
    ],
    [{ contentTypes, maxBytes: uploadsBounds.maxBytes.min }],
    [{ contentTypes, maxBytes: uploadsBounds.maxBytes.max }],
    [{ contentTypes: Array.from({ length: uploadsBounds.contentTypes.max }, (_, n) => `text/x-${n}`) }],
  ])('may be %j', (uploads) => {
    expect(problemsOf({ track: true, uploads })).toEqual([]);
  });

  test.each([
    ['uploads', 'text/plain'],
    ['uploads', ['text/plain']],
    ['uploads', null],
    ['uploads.contentTypes', {}],
    ['uploads.contentTypes', { contentTypes: 'text/plain' }],
    ['uploads.contentTypes', { contentTypes: [] }],
    ['uploads.contentTypes', { contentTypes: Array.from({ length: 21 }, (_, n) => `text/x-${n}`) }],
    ['uploads.contentTypes[1]', { contentTypes: ['text/plain', 'text'] }],
    ['uploads.contentTypes[0]', { contentTypes: ['Text/Plain'] }],
    ['uploads.contentTypes[0]', { contentTypes: ['image/*'] }],
    ['uploads.contentTypes[0]', { contentTypes: ['text/plain; charset=utf-8'] }],
    ['uploads.contentTypes[0]', { contentTypes: [7] }],
    ['uploads.contentTypes[1]', { contentTypes: ['text/csv', 'text/csv'] }],
    ['uploads.maxBytes', { contentTypes, maxBytes: 0 }],
    ['uploads.maxBytes', { contentTypes, maxBytes: uploadsBounds.maxBytes.max + 1 }],
    ['uploads.maxBytes', { contentTypes, maxBytes: 1.5 }],
    ['uploads.maxBytes', { contentTypes, maxBytes: '10 MB' }],
    ['uploads.maxBytes', { contentTypes, maxBytes: null }],
    ['uploads.maxSize', { contentTypes, maxSize: 10 }],
  ])('are refused for %s: %j', (option, uploads) => {
    expect(optionsAtFault({ track: true, uploads })).toEqual([option]);
  });

  test('need the status API, which gives callers their form', () => {
    for (const untracked of [{}, { track: false }]) {
      expect(problemsOf({ ...untracked, uploads: { contentTypes } })).toEqual([
        {
          option: 'uploads',
          given: '{"contentTypes":["text/plain"]}',
          bound: 'a job with track: true, since callers get their upload form from the status API',
          advice: 'add track: true, or remove uploads',
        },
      ]);
    }
    expect(optionsAtFault({ track: 'yes', uploads: { contentTypes } })).toEqual(['track']);
  });

  test('say what was given, the bound, whose limit it is, and what to do', () => {
    expect(problemsOf({ track: true, uploads: { contentTypes, maxBytes: 2 ** 40 } })).toEqual([
      {
        option: 'uploads.maxBytes',
        given: '1099511627776',
        bound: '1 to 5368709120 bytes (one POST to S3, 5 GiB)',
        advice: 'choose a whole number of bytes, such as 10 * 1024 * 1024',
      },
    ]);
  });
});
