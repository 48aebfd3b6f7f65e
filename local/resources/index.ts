import { alarm } from './alarm.ts';
import { compositeAlarm } from './compositeAlarm.ts';
import { eventSourceMapping } from './eventSourceMapping.ts';
import { lambdaFunction } from './function.ts';
import { notEvaluated } from './notEvaluated.ts';
import { queue } from './queue.ts';
import type { NotEvaluatedType, ResourceType } from './resourceType.ts';
import { scalableTarget } from './scalableTarget.ts';
import { scalingPolicy } from './scalingPolicy.ts';
import { service } from './service.ts';
import { subscription } from './subscription.ts';
import { table } from './table.ts';
import { taskDefinition } from './taskDefinition.ts';
import { topic } from './topic.ts';

/**
 * Every resource type that runs locally. Resources are created in the order in which they refer to each other;
 * what has processes or pollers is stopped in this table's order, later ones first.
 */
const running: readonly ResourceType[] = [
  queue,
  table,
  topic,
  subscription,
  lambdaFunction,
  eventSourceMapping,
  taskDefinition,
  service,
  scalableTarget,
  scalingPolicy,
  alarm,
  compositeAlarm,
];

export const resourceTypes: ReadonlyMap<string, ResourceType> = new Map(
  running.map((type) => [type.type, type]),
);

/** Every resource type that is accepted without effect. */
export const notEvaluatedTypes: ReadonlyMap<string, NotEvaluatedType> = new Map(
  notEvaluated.map((type) => [type.type, type]),
);
