import { isolatedAws } from '../isolatedAws.ts';
import type { WorkerConfig } from './workerProcess.ts';

/**
 * The whole environment of a worker: what its container has on Fargate, and nothing of this process's, so that no
 * worker ever talks to real AWS.
 * @param agentUri where it asks for scale-in protection
 */
export function workerEnvironment(config: WorkerConfig, agentUri: string): Record<string, string> {
  return {
    TZ: ':UTC',
    LANG: 'C.UTF-8',
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    NODE_ENV: 'production',
    ...isolatedAws(config, config.environment),
    AWS_EXECUTION_ENV: 'AWS_ECS_FARGATE',
    ECS_AGENT_URI: agentUri,
  };
}
