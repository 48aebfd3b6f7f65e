import {
  type EventSourceMapping,
  type MappingConfig,
  startEventSourceMapping,
} from '../lambda/eventSourceMapping.ts';
import type { Finding, Resource, Resources, ResourceType } from './resourceType.ts';
import { localArn, nameOfArn } from './resourceType.ts';
import { settledWithin } from './settledWithin.ts';

export const eventSourceMapping: ResourceType<EventSourceMapping> = {
  type: 'AWS::Lambda::EventSourceMapping',
  honoured: [
    'EventSourceArn',
    'FunctionName',
    'BatchSize',
    'MaximumBatchingWindowInSeconds',
    'ScalingConfig',
    'FunctionResponseTypes',
    'Enabled',
  ],
  notEvaluated: ['Tags', 'MetricsConfig'],
  takesWork: true,

  ref: (name) => name,
  attributes: (name, { region, accountId }) => ({
    Id: name,
    EventSourceMappingArn: localArn('lambda', { region, accountId }, `event-source-mapping:${name}`),
  }),
  identity: ({ properties }) =>
    `${nameOfArn(properties.EventSourceArn)} to ${nameOfArn(properties.FunctionName)}`,

  check: (resource, all) => [...checkFilter(resource), ...checkEnds(resource, all)],

  async create(resource, { engine, functions, onBatch, onWarning }) {
    const functionName = nameOfArn(resource.properties.FunctionName);
    const target = functions.get(functionName);
    if (target === undefined) throw new Error(`function ${functionName} does not run`);
    return startEventSourceMapping(configOf(resource), engine, target, { onBatch, onWarning });
  },

  async update(resource, running) {
    running.update(configOf(resource));
    return running;
  },

  async delete(_resource, running) {
    await settledWithin(running.stop(), DELETE_DRAIN_MS);
  },

  stop: (running) => running.stop(),
};

/**
 * As long as a function that is deleted with it may finish what it has in hand; a hung one must not hold up the next
 * edit.
 */
const DELETE_DRAIN_MS = 5_000;

function configOf({ properties }: Resource): MappingConfig {
  const { MaximumConcurrency } = (properties.ScalingConfig ?? {}) as { MaximumConcurrency?: unknown };
  const responseTypes = (properties.FunctionResponseTypes ?? []) as readonly unknown[];
  return {
    queueName: nameOfArn(properties.EventSourceArn),
    batchSize: Number(properties.BatchSize ?? 10),
    batchWindowSeconds: Number(properties.MaximumBatchingWindowInSeconds ?? 0),
    ...(MaximumConcurrency === undefined ? {} : { maxConcurrency: Number(MaximumConcurrency) }),
    reportBatchItemFailures: responseTypes.includes('ReportBatchItemFailures'),
    enabled: String(properties.Enabled ?? true) === 'true',
  };
}

/** With a filter Lambda deletes what does not match; running without it would run what must not run. */
function checkFilter({ properties }: Resource): Finding[] {
  if (properties.FilterCriteria === undefined) return [];
  return [{ property: 'FilterCriteria', why: 'is not supported locally', refused: true }];
}

/** What Lambda itself refuses: a source or target that is not there, and messages that would reappear while they run. */
function checkEnds({ properties }: Resource, all: Resources): Finding[] {
  const source = all.byArn(properties.EventSourceArn);
  if (source?.type !== 'AWS::SQS::Queue') {
    return [
      {
        property: 'EventSourceArn',
        why: `${properties.EventSourceArn} is no queue of this assembly`,
        refused: true,
      },
    ];
  }
  const functionName = nameOfArn(properties.FunctionName);
  const target = all.list.find(({ type, name }) => type === 'AWS::Lambda::Function' && name === functionName);
  if (target === undefined) {
    return [
      { property: 'FunctionName', why: `${functionName} is no function of this assembly`, refused: true },
    ];
  }
  const visibility = Number(source.properties.VisibilityTimeout ?? 30);
  const timeout = Number(target.properties.Timeout ?? 3);
  return visibility >= timeout
    ? []
    : [
        {
          why: `Queue visibility timeout: ${visibility} seconds is less than Function timeout: ${timeout} seconds (Lambda refuses that)`,
          refused: true,
        },
      ];
}
