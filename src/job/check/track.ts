import { uploadsBounds } from '../bounds.ts';
import { uploadsDefaults } from '../uploads.ts';
import { isRecord, numberAdvice, shown } from './given.ts';
import type { JobProblem } from './problems.ts';
import { unknownOption } from './unknownOption.ts';

/** What is wrong with a job's tracking, and with the uploads that need it. */
export function trackProblems({ track, uploads }: Readonly<Record<string, unknown>>): JobProblem[] {
  const isBoolean = track === undefined || typeof track === 'boolean';
  return [
    ...(isBoolean ? [] : [problem('track', track, 'true or false', 'choose one of them')]),
    ...(uploads === undefined ? [] : uploadsProblems(uploads, isBoolean && track !== true)),
  ];
}

function uploadsProblems(uploads: unknown, isUntracked: boolean): JobProblem[] {
  if (!isRecord(uploads)) {
    return [problem('uploads', uploads, '{ contentTypes, maxBytes? }', `write uploads: ${example}`)];
  }
  const { contentTypes, maxBytes = uploadsDefaults.maxBytes, ...unknown } = uploads;
  const needsTrack = problem(
    'uploads',
    uploads,
    'a job with track: true, since callers get their upload form from the status API',
    'add track: true, or remove uploads',
  );
  return [
    ...(isUntracked ? [needsTrack] : []),
    ...Object.entries(unknown).map(([name, given]) =>
      unknownOption(`uploads.${name}`, given, Object.keys(uploadsBounds)),
    ),
    ...contentTypesProblems(contentTypes),
    ...maxBytesProblems(maxBytes),
  ];
}

function contentTypesProblems(given: unknown): JobProblem[] {
  const { min, max } = uploadsBounds.contentTypes;
  if (!Array.isArray(given) || given.length < min || given.length > max) {
    const bound = `a list of ${min} to ${max} content types`;
    return [problem('uploads.contentTypes', given, bound, `write uploads: ${example}`)];
  }
  return given.flatMap((contentType: unknown, index) => {
    if (isContentType(contentType) && given.indexOf(contentType) === index) return [];
    const bound = 'a content type in lower case, without parameters or wildcards, once';
    const advice = "write one like 'text/csv' or 'application/pdf'";
    return [problem(`uploads.contentTypes[${index}]`, contentType, bound, advice)];
  });
}

/** RFC 6838's names, in lower case. */
function isContentType(value: unknown): boolean {
  const name = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/;
  const parts = typeof value === 'string' ? value.split('/') : [];
  return parts.length === 2 && parts.every((part) => name.test(part));
}

function maxBytesProblems(given: unknown): JobProblem[] {
  const { min, max } = uploadsBounds.maxBytes;
  if (Number.isInteger(given) && Number(given) >= min && Number(given) <= max) return [];
  const bound = `${min} to ${max} bytes (one POST to S3, 5 GiB)`;
  const advice = numberAdvice(given, 'choose a whole number of bytes, such as 10 * 1024 * 1024');
  return [problem('uploads.maxBytes', given, bound, advice)];
}

function problem(option: string, given: unknown, bound: string, advice: string): JobProblem {
  return { option, given: shown(given), bound, advice };
}

const example = "{ contentTypes: ['text/plain'], maxBytes: 10 * 1024 * 1024 }";
