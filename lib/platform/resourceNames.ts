import { type PlatformNames, platformNames, topicName, topicParameterName } from '../../src/names.ts';
import { SynthError } from './synthError.ts';

/** What tells one platform from another in an account and Region. */
export interface PlatformId {
  /**
   * At most 20 lower-case letters and digits, but not `aws…` or `ssm…`. With hyphens, two platforms could share
   * a name. @default 'jobs'
   */
  readonly platform?: string | undefined;
  /** At most 20 lower-case letters and digits, without hyphens. @default 'dev' */
  readonly stage?: string | undefined;
}

/** A platform's names, and what follows from its stage. */
export interface ResourceNames extends PlatformNames {
  readonly platform: string;
  readonly stage: string;
  /** Whether queues, tables and the bucket outlive their removal from the stack. */
  readonly isProduction: boolean;
  /** The SSM parameter that holds the topic's ARN. */
  readonly topicParameter: string;
}

/** The names of a platform that gives no others. */
const defaultPlatformId = { platform: 'jobs', stage: 'dev' } as const;

/** The stage whose queues, tables and bucket are kept when a job, or the stack, is removed. */
const productionStage = 'prod';

/** @throws {SynthError} when the platform's or the stage's name cannot be part of a resource's name */
export function resourceNames({
  platform = defaultPlatformId.platform,
  stage = defaultPlatformId.stage,
}: PlatformId = {}): ResourceNames {
  assertName('platform', platform);
  assertName('stage', stage);
  return {
    ...platformNames(topicName(platform, stage)),
    platform,
    stage,
    isProduction: stage === productionStage,
    topicParameter: topicParameterName(platform, stage),
  };
}

/** At most 20 characters each, so that at least 22 of Lambda's 64 are left for a job's name. */
function assertName(what: 'platform' | 'stage', name: string): void {
  // The SSM parameter's name begins with the platform's name, and must not begin with aws or ssm.
  const [reserved, exception] = what === 'platform' ? [/^(aws|ssm)/, ' but not with aws or ssm'] : [/^$/, ''];
  if (/^[a-z][a-z0-9]{0,19}$/.test(name) && !reserved.test(name)) return;
  throw new SynthError(
    `The ${what} '${name}' cannot be part of a resource's name; allowed: 1 to 20 lower-case letters and digits, ` +
      `starting with a letter${exception}. Choose one like '${defaultPlatformId[what]}' ` +
      `(-c ${what}=${defaultPlatformId[what]}).`,
  );
}
