import { nearestName } from '../../src/job/nearestName.ts';

/** What the app reads of the CDK's context (`-c stage=prod`). */
export const contextKeys = [
  'platform',
  'stage',
  'alarmEmail',
  'apiJwtIssuer',
  'apiJwtAudience',
  'apiOrigins',
] as const;

export type ContextKey = (typeof contextKeys)[number];

/** A line for each key that nothing reads: a misspelt `-c stge=prod` would deploy another stage in silence. */
export function contextWarnings(keys: readonly string[]): string[] {
  return keys.filter(isUnknown).map((key) => {
    const nearest = nearestName(key, contextKeys);
    const advice =
      nearest === undefined ? `What is read: ${contextKeys.join(', ')}.` : `Did you mean ${nearest}?`;
    return `Nothing reads '${key}' of the context (-c ${key}=…, cdk.json). ${advice}`;
  });
}

/** The CDK's own hold a colon, a slash or an at sign, but for a few of its command line's. */
function isUnknown(key: string): boolean {
  return !/[:/@]/.test(key) && !cdkKeys.has(key) && !(contextKeys as readonly string[]).includes(key);
}

const cdkKeys: ReadonlySet<string> = new Set(['cli-telemetry', 'cdk-migrate', 'acknowledged-issue-numbers']);
