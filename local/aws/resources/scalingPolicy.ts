import type { Finding, Resource, ResourceContext, ResourceType } from './resourceType.ts';
import { localArn } from './resourceType.ts';

/** What an alarm's action does: `breach` is how far the metric is above (or below: negative) the alarm's threshold. */
export type ScalingPolicy = (breach: number) => void;

export const scalingPolicy: ResourceType<void> = {
  type: 'AWS::ApplicationAutoScaling::ScalingPolicy',
  honoured: ['PolicyName', 'PolicyType', 'ScalingTargetId', 'StepScalingPolicyConfiguration'],
  notEvaluated: [],
  name: { property: 'PolicyName', maxLength: 256 },

  ref: (name, { region, accountId }) =>
    localArn('autoscaling', { region, accountId }, `scalingPolicy:local:policyName/${name}`),
  attributes: (name, place) => ({ Arn: scalingPolicy.ref(name, place) }),

  check: (resource) => checkPolicy(resource),

  async create(resource, context) {
    const { policies } = context.scaling;
    policies.set(scalingPolicy.ref(resource.name, context.place), policyOf(resource, context));
  },
  async update(resource, _handle, context) {
    await scalingPolicy.create(resource, context);
  },
  async delete({ name }, _handle, { scaling, place }) {
    scaling.policies.delete(scalingPolicy.ref(name, place));
  },
};

interface StepScaling {
  readonly AdjustmentType: 'ExactCapacity' | 'ChangeInCapacity';
  readonly Cooldown?: number;
  readonly StepAdjustments?: readonly {
    readonly MetricIntervalLowerBound?: number;
    readonly MetricIntervalUpperBound?: number;
    readonly ScalingAdjustment: number;
  }[];
}

/** Of a step scaling policy for an ECS service that says nothing. */
const DEFAULT_COOLDOWN_SECONDS = 300;

function policyOf({ properties }: Resource, { scaling, engine }: ResourceContext): ScalingPolicy {
  const {
    AdjustmentType,
    Cooldown = DEFAULT_COOLDOWN_SECONDS,
    StepAdjustments = [],
  } = stepScaling(properties);
  let readyAtMs = 0;
  return (breach) => {
    const target = scaling.targets.get(String(properties.ScalingTargetId));
    const step = StepAdjustments.find((one) => isIn(one, breach));
    if (target === undefined || step === undefined || Date.now() < readyAtMs) return;
    const before = target.desiredCount;
    const change = Number(step.ScalingAdjustment);
    target.scaleTo(AdjustmentType === 'ExactCapacity' ? change : before + change);
    if (target.desiredCount !== before) readyAtMs = Date.now() + (Number(Cooldown) * 1_000) / engine.speed;
  };
}

/** Above the threshold the lower bound is part of the step, below it the upper one (Application Auto Scaling's rule). */
function isIn(
  {
    MetricIntervalLowerBound: lower,
    MetricIntervalUpperBound: upper,
  }: NonNullable<StepScaling['StepAdjustments']>[number],
  breach: number,
): boolean {
  const from = Number(lower ?? Number.NEGATIVE_INFINITY);
  const to = Number(upper ?? Number.POSITIVE_INFINITY);
  return breach >= 0 ? breach >= from && breach < to : breach > from && breach <= to;
}

function stepScaling(properties: Resource['properties']): StepScaling {
  return (properties.StepScalingPolicyConfiguration ?? {}) as StepScaling;
}

function checkPolicy({ properties }: Resource): Finding[] {
  if (properties.PolicyType !== 'StepScaling') {
    const why = `${properties.PolicyType} is not evaluated locally (StepScaling is)`;
    return [{ property: 'PolicyType', why, refused: true }];
  }
  const { AdjustmentType } = stepScaling(properties);
  if (AdjustmentType === 'ExactCapacity' || AdjustmentType === 'ChangeInCapacity') return [];
  const why = `the AdjustmentType ${AdjustmentType} is not evaluated locally (ExactCapacity and ChangeInCapacity are)`;
  return [{ property: 'StepScalingPolicyConfiguration', why, refused: true }];
}
