import { alarm } from './alarm.ts';
import { bucket } from './bucket.ts';
import { compositeAlarm } from './compositeAlarm.ts';
import { eventSourceMapping } from './eventSourceMapping.ts';
import { lambdaFunction } from './function.ts';
import { functionUrl } from './functionUrl.ts';
import { httpApi } from './httpApi.ts';
import { httpApiAuthorizer } from './httpApiAuthorizer.ts';
import { httpApiIntegration } from './httpApiIntegration.ts';
import { httpApiRoute } from './httpApiRoute.ts';
import { httpApiStage } from './httpApiStage.ts';
import { notEvaluated } from './notEvaluated.ts';
import { queue } from './queue.ts';
import type { NotEvaluatedType, ResourceType } from './resourceType.ts';
import { scalableTarget } from './scalableTarget.ts';
import { scalingPolicy } from './scalingPolicy.ts';
import { schedule } from './schedule.ts';
import { scheduleGroup } from './scheduleGroup.ts';
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
  bucket,
  topic,
  subscription,
  lambdaFunction,
  eventSourceMapping,
  functionUrl,
  httpApi,
  httpApiIntegration,
  httpApiAuthorizer,
  httpApiRoute,
  httpApiStage,
  taskDefinition,
  service,
  scalableTarget,
  scalingPolicy,
  alarm,
  compositeAlarm,
  scheduleGroup,
  schedule,
];

export const resourceTypes: ReadonlyMap<string, ResourceType> = new Map(
  running.map((type) => [type.type, type]),
);

/** Every resource type that is accepted without effect. */
export const notEvaluatedTypes: ReadonlyMap<string, NotEvaluatedType> = new Map(
  notEvaluated.map((type) => [type.type, type]),
);
