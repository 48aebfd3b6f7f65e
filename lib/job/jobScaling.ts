import type { CfnScalableTarget, CfnScalingPolicy } from 'aws-cdk-lib/aws-applicationautoscaling';
import {
  Alarm,
  type AlarmBase,
  ComparisonOperator,
  MathExpression,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { FargateService } from 'aws-cdk-lib/aws-ecs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { FargateSettings } from '../../src/job/compute.ts';
import { durationSeconds } from '../../src/job/duration.ts';
import { alarmName, type JobNames } from '../../src/names.ts';
import { autoScaling } from '../platform/lazyModules.ts';
import { eachMinute, runningMessages, waitingMessages } from '../platform/platformAlarm.ts';

interface JobScalingProps {
  readonly names: JobNames;
  readonly fargate: FargateSettings;
  readonly queue: IQueue;
  readonly service: FargateService;
}

/** After so many minutes with an empty queue and nothing in flight, the service goes back to `min` tasks. */
export const idleMinutes = 5;

/**
 * Has the service run as many tasks as its backlog calls for. While the first alarm is in state ALARM, auto scaling looks
 * at the backlog each minute and sets the number of tasks of its step. It sets a number and adds none, so that no cooldown
 * is needed. When the queue has been empty for a while, the second alarm sets the number to `min`.
 */
export function addJobScaling(scope: Construct, props: JobScalingProps): void {
  const { names, fargate } = props;
  const target = scalableTarget(scope, props);
  const steps = scalingSteps(scalingRule(fargate));
  const byBacklog = scalingPolicy(scope, 'BacklogScaling', alarmName(names.service, 'backlog'), target, {
    // Bounds count from the alarm's threshold, which is 1. The upper bound is not part of its step.
    stepAdjustments: steps.map(({ backlog, tasks }, index) => {
      const next = steps[index + 1];
      return {
        metricIntervalLowerBound: backlog - 1,
        ...(next === undefined ? {} : { metricIntervalUpperBound: next.backlog - 1 }),
        scalingAdjustment: tasks,
      };
    }),
  });
  const whenIdle = scalingPolicy(scope, 'IdleScaling', alarmName(names.service, 'idle'), target, {
    stepAdjustments: [{ metricIntervalUpperBound: 0, scalingAdjustment: fargate.min }],
  });
  run(byBacklog, backlogAlarm(scope, props));
  run(whenIdle, idleAlarm(scope, props));
}

function scalableTarget(scope: Construct, { fargate, service }: JobScalingProps): CfnScalableTarget {
  return new (autoScaling().CfnScalableTarget)(scope, 'ScalableTarget', {
    serviceNamespace: 'ecs',
    scalableDimension: 'ecs:service:DesiredCount',
    resourceId: `service/${service.cluster.clusterName}/${service.serviceName}`,
    minCapacity: fargate.min,
    maxCapacity: fargate.max,
  });
}

function scalingPolicy(
  scope: Construct,
  id: string,
  policyName: string,
  target: CfnScalableTarget,
  steps: { stepAdjustments: CfnScalingPolicy.StepAdjustmentProperty[] },
): CfnScalingPolicy {
  return new (autoScaling().CfnScalingPolicy)(scope, id, {
    policyName,
    policyType: 'StepScaling',
    scalingTargetId: target.ref,
    stepScalingPolicyConfiguration: {
      adjustmentType: 'ExactCapacity',
      metricAggregationType: 'Maximum',
      cooldown: 0,
      ...steps,
    },
  });
}

/** In state ALARM while there is anything to do. It notifies nobody. */
function backlogAlarm(scope: Construct, { names, queue }: JobScalingProps): Alarm {
  return new Alarm(scope, 'ScalingAlarm', {
    alarmName: alarmName(names.service, 'scaling'),
    alarmDescription: `No fault: ${names.service} has messages, so its service runs as many tasks as they need.`,
    metric: backlog(queue),
    comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    threshold: 1,
    evaluationPeriods: 1,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
}

/** SQS sends no data about a queue that nobody has used for six hours: missing data means idle, too. */
function idleAlarm(scope: Construct, { names, fargate, queue }: JobScalingProps): Alarm {
  return new Alarm(scope, 'IdleAlarm', {
    alarmName: alarmName(names.service, 'idle'),
    alarmDescription: `No fault: ${names.service} has had no message for ${idleMinutes} minutes, so its service goes back to ${fargate.min} tasks.`,
    metric: backlog(queue),
    comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
    threshold: 1,
    evaluationPeriods: idleMinutes,
    treatMissingData: TreatMissingData.BREACHING,
  });
}

/** Counts running messages, too: a service must keep its tasks while they run the last messages of the queue. */
function backlog(queue: IQueue): MathExpression {
  return new MathExpression({
    expression: 'waiting + running',
    label: 'Backlog',
    usingMetrics: { waiting: waitingMessages(queue), running: runningMessages(queue) },
    period: eachMinute,
  });
}

function run(policy: CfnScalingPolicy, alarm: AlarmBase): void {
  alarm.addAlarmAction({ bind: () => ({ alarmActionArn: policy.ref }) });
}

/** How many tasks a backlog calls for. A backlog counts the messages that wait and the messages that run. */
export interface ScalingRule {
  /** Tasks at an empty queue. */
  readonly min: number;
  /** Tasks at most. */
  readonly max: number;
  /** Messages of the backlog for each task, 1 or more. */
  readonly share: number;
}

/** So many tasks from this backlog up to the backlog of the next step. */
interface ScalingStep {
  readonly backlog: number;
  readonly tasks: number;
}

/** Application Auto Scaling's quota of step adjustments in one policy. */
export const maxSteps = 20;

/**
 * One task's share is the number of messages that it runs within `latency`, and never less than the number that it runs at
 * once: no message of such a share waits for longer than `latency`.
 */
export function scalingRule({
  min,
  max,
  concurrency,
  latency,
  messageDuration,
}: FargateSettings): ScalingRule {
  const perSlot = durationSeconds(latency) / durationSeconds(messageDuration);
  return { min, max, share: Math.max(concurrency, Math.floor(perSlot * concurrency)) };
}

/**
 * The rule as step scaling takes it: a table that begins at a backlog of 1, so that the first message starts a task. A
 * policy holds 20 steps at most. A rule with more numbers of tasks leaves some out, and then starts more tasks than needed.
 */
export function scalingSteps({ min, max, share }: ScalingRule): ScalingStep[] {
  const levels = taskLevels(Math.max(1, min), max);
  return levels.map((tasks, index) => ({ backlog: (levels[index - 1] ?? 0) * share + 1, tasks }));
}

/** Every number from the first to the last, or 20 of them, each larger by about the same factor than the one before. */
function taskLevels(first: number, last: number): number[] {
  const levels = [first];
  for (let level = first; level < last; ) {
    const left = maxSteps - levels.length;
    level = Math.max(level + 1, Math.min(last, Math.ceil(level * (last / level) ** (1 / left) - 1e-9)));
    levels.push(level);
  }
  return levels;
}
