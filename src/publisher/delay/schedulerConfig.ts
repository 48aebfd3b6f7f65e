import type { SchedulerClientConfig } from '@aws-sdk/client-scheduler';
import type { SNSClient } from '@aws-sdk/client-sns';

/**
 * How to reach EventBridge Scheduler, from how SNS is reached: with the same credentials, and at the same endpoint where
 * that is one for all of AWS, such as the local platform's. An endpoint of AWS itself (in a VPC) is for SNS alone.
 */
export async function schedulerConfig(
  { config }: SNSClient,
  given: SchedulerClientConfig = {},
): Promise<SchedulerClientConfig> {
  const endpoint = await config.endpoint?.();
  const isForAll = endpoint !== undefined && !/\.amazonaws\.com(\.cn)?$/.test(endpoint.hostname);
  return { credentials: config.credentials, ...(isForAll && { endpoint }), ...given };
}
