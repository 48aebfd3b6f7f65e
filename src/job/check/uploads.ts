import { countBounds, uploadsOptions } from '../options.ts';
import { isRecord, shown } from './given.ts';
import type { JobProblem } from './problems.ts';
import { rowProblems, unknownOption } from './rows.ts';

/** What is wrong with the option `uploads`. */
export function uploadsProblems({ track, uploads }: Readonly<Record<string, unknown>>): JobProblem[] {
  if (uploads === undefined) return [];
  if (!isRecord(uploads)) {
    return [problem('uploads', uploads, '{ contentTypes, maxBytes? }', `write uploads: ${example}`)];
  }
  const { contentTypes, maxBytes, ...unknown } = uploads;
  const needsTrack = problem(
    'uploads',
    uploads,
    'a job with track: true, since callers get their upload form from the status API',
    'add track: true, or remove uploads',
  );
  const isUntracked = track === undefined || track === false;
  return [
    ...(isUntracked ? [needsTrack] : []),
    ...Object.entries(unknown).map(([name, given]) =>
      unknownOption(`uploads.${name}`, given, ['contentTypes', 'maxBytes']),
    ),
    ...contentTypesProblems(contentTypes),
    ...rowProblems('uploads.maxBytes', maxBytes, uploadsOptions.maxBytes),
  ];
}

function contentTypesProblems(given: unknown): JobProblem[] {
  const { min, max } = countBounds.contentTypes;
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

function problem(option: string, given: unknown, bound: string, advice: string): JobProblem {
  return { option, given: shown(given), bound, advice };
}

const example = "{ contentTypes: ['text/plain'], maxBytes: 10 * 1024 * 1024 }";
