import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AlarmDefinition } from '../../../local/aws/alarms/alarmDefinition.ts';
import { evaluateAlarm, initialState } from '../../../local/aws/alarms/evaluate.ts';
import { startPlatform } from '../../../local/platform/platform.ts';
import { writeAssembly } from '../../local/aws/fixtures/assembly/writeAssembly.ts';
import type { Endpoint } from './aws.ts';
import {
  type AlarmState,
  type AlarmTrial,
  consumerCode,
  consumerQueues,
  consumersTemplate,
  type Hosts,
} from './hosts.ts';
import { consumers } from './mapping.ts';

export interface Laptop {
  readonly endpoint: Endpoint;
  readonly hosts: Hosts;
  stop(): Promise<void>;
}

/** The laptop's endpoint, with the functions of the mapping's rows in the template that it runs. */
export async function startLaptop(): Promise<Laptop> {
  const folder = await mkdtemp(join(tmpdir(), 'behaviours-'));
  const code = { S3Bucket: 'assets', S3Key: 'consumer.zip' };
  const template = consumersTemplate('mapping', Object.values(consumers), code);
  const assemblyDirectory = await writeAssembly(
    join(folder, 'cdk.out'),
    { test: template },
    { consumer: '' },
  );
  await rm(join(assemblyDirectory, 'asset.consumer/index.mjs'));
  await writeFile(join(assemblyDirectory, 'asset.consumer/index.js'), consumerCode);
  const platform = await startPlatform({ assemblyDirectory, stateDirectory: join(folder, 'state'), port: 0 });
  return {
    endpoint: {
      url: platform.endpoint,
      region: platform.region,
      credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    },
    hosts: {
      async consumer(row) {
        const names = consumerQueues('mapping', Object.keys(consumers).indexOf(row));
        const url = (name: string) => `${platform.endpoint}/000000000000/${name}`;
        return { queue: url(names.queue), batches: url(names.batches), deadLetters: url(names.deadLetters) };
      },
      alarmState: async (trial) => stateAfter(trial),
    },
    async stop() {
      await platform.stop({ drainMs: 0 });
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The laptop has no API of CloudWatch's: this is what evaluates its alarms. */
function stateAfter({ datapoints, ...trial }: AlarmTrial): AlarmState {
  const minute = (index: number) => new Date(60_000 * index);
  const now = minute(datapoints.length);
  const alarm: AlarmDefinition = {
    ...trial,
    kind: 'metric',
    name: 'tried',
    arn: 'arn:aws:cloudwatch:us-east-1:000000000000:alarm:tried',
    description: undefined,
    actionsEnabled: false,
    actions: { OK: [], ALARM: [], INSUFFICIENT_DATA: [] },
    metric: { namespace: 'Behaviours', name: 'tried', dimensions: {} },
    statistic: 'Maximum',
    periodSeconds: 60,
    comparisonOperator: 'GreaterThanThreshold',
  };
  const points = datapoints.map((value, index) => ({ value: value ?? undefined, at: minute(index + 1) }));
  return evaluateAlarm(alarm, initialState(minute(0)), points, now).value;
}
