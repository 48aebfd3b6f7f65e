import { type PlatformNames, platformNames, topicName, topicParameterName } from '../../src/names.ts';

import { SynthError } from './synthError.ts';

/** What tells one platform in an account and Region from another. */
export interface PlatformId {
  /**
   * Lower-case letters and digits, at most 20, but not `aws…` or `ssm…`. No hyphens, which would let two platforms share
   * a name. @default 'jobs'
   */
  readonly platform?: string | undefined;
  /** Lower-case letters and digits, at most 20. No hyphens, which would let two platforms share a name. @default 'dev' */
  readonly stage?: string | undefined;
}

/** A platform's names, and what else is told by its stage. */
export interface ResourceNames extends PlatformNames {
  readonly platform: string;
  readonly stage: string;
  /** Whether queues outlive their removal from the stack. */
  readonly isProduction: boolean;
  /** The SSM parameter that holds the topic's ARN. */
  readonly topicParameter: string;
}

/** A platform where nothing else is said. */
const defaultPlatformId = { platform: 'jobs', stage: 'dev' } as const;

/** The stage whose queues are retained when a job, or the stack, is removed. */
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

/** Twenty characters each leave a job's name at least 22 of Lambda's 64. */
function assertName(what: 'platform' | 'stage', name: string): void {
  // The platform's is the first in the name of the SSM parameter.
  const [reserved, exception] = what === 'platform' ? [/^(aws|ssm)/, ' but not with aws or ssm'] : [/^$/, ''];
  if (/^[a-z][a-z0-9]{0,19}$/.test(name) && !reserved.test(name)) return;
  throw new SynthError(
    `The ${what} '${name}' cannot be part of a resource's name; allowed: 1 to 20 lower-case letters and digits, ` +
      `starting with a letter${exception}. Choose one like '${defaultPlatformId[what]}' ` +
      `(-c ${what}=${defaultPlatformId[what]}).`,
  );
}
