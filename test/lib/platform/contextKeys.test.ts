import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { contextKeys, contextWarnings } from '../../../lib/platform/app.ts';
import { repository } from '../project.ts';

test('a key that nothing reads: what was most likely meant, or all that is read', () => {
  expect(contextWarnings(['stge', 'alarmEmails', 'color'])).toEqual([
    "Nothing reads 'stge' of the context (-c stge=…, cdk.json). Did you mean stage?",
    "Nothing reads 'alarmEmails' of the context (-c alarmEmails=…, cdk.json). Did you mean alarmEmail?",
    "Nothing reads 'color' of the context (-c color=…, cdk.json). " +
      'What is read: platform, stage, alarmEmail, apiJwtIssuer, apiJwtAudience, apiOrigins.',
  ]);
});

test("none of those that are read, of cdk.json's or of the CDK's own", () => {
  const { context } = JSON.parse(readFileSync(join(repository, 'cdk.json'), 'utf8'));
  const lookups = ['availability-zones:account=1:region=eu-west-1', 'aws:cdk:enable-path-metadata'];
  expect(contextWarnings([...contextKeys, ...Object.keys(context), ...lookups])).toEqual([]);
});
