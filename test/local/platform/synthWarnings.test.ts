import { expect, test } from '@jest/globals';
import { synthWarnings } from '../../../local/platform/synth.ts';

const printed = `file:/a%20b/lib/app.ts:42:17
WARNING Nothing reads 'stge' of the context. Did you mean stage? (Annotation)
   jobs-dev aws-cdk-lib.Stack
   Acknowledge with 'Annotation::serverless-jobs:context'

lib/platform/app.ts:42:17
WARNING src/jobs/A.ts has no default export.
Write export default defineJob({ … }). (Annotation)
   jobs-dev/Jobs aws-cdk-lib.Construct
   Acknowledge with 'Annotation::serverless-jobs:job-files'

A copy of this report can be found in: .local/cdk.out/2/validation-report.json`;

test('what the CDK prints around a warning is left out', () => {
  expect(synthWarnings(printed).split('\n')).toEqual([
    "WARNING Nothing reads 'stge' of the context. Did you mean stage?",
    'WARNING src/jobs/A.ts has no default export.',
    'Write export default defineJob({ … }). (Annotation)',
  ]);
});

test('what a job file prints while it is imported stays', () => {
  expect(synthWarnings('loading\n  at file.ts:1:2\n\ndone')).toBe('loading\n  at file.ts:1:2\ndone');
  expect(synthWarnings('')).toBe('');
});
