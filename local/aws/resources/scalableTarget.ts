import { lastPart } from '../../../src/names.ts';
import type { LocalService } from '../worker/service.ts';
import type { Finding, Resource, ResourceContext, ResourceType } from './resourceType.ts';

/** A service whose count auto scaling may set, within bounds. */
export interface ScalableTarget {
  readonly desiredCount: number;
  /** Sets the count, or the bound that is nearest. */
  scaleTo(count: number): void;
}

export const scalableTarget: ResourceType<void> = {
  type: 'AWS::ApplicationAutoScaling::ScalableTarget',
  honoured: ['ResourceId', 'ScalableDimension', 'ServiceNamespace', 'MinCapacity', 'MaxCapacity'],
  notEvaluated: ['RoleARN', 'Tags'],

  ref: (name) => `${name}|ecs:service:DesiredCount|ecs`,
  attributes: (name, place) => ({ Id: scalableTarget.ref(name, place) }),
  identity: ({ properties }) => String(properties.ResourceId),

  check: ({ properties }) => checkDimension(properties),

  /** A count outside the bounds is brought inside at once, as on AWS. */
  async create(resource, context) {
    const target = targetOf(resource, context);
    context.scaling.targets.set(scalableTarget.ref(resource.name, context.place), target);
    target.scaleTo(target.desiredCount);
  },
  async update(resource, _handle, context) {
    await scalableTarget.create(resource, context);
  },
  async delete({ name }, _handle, { scaling, place }) {
    scaling.targets.delete(scalableTarget.ref(name, place));
  },
};

function targetOf({ properties }: Resource, { tasks }: ResourceContext): ScalableTarget {
  const { ResourceId, MinCapacity, MaxCapacity } = properties;
  const serviceName = lastPart(String(ResourceId));
  const service = (): LocalService | undefined => tasks.services.get(serviceName)?.service;
  if (service() === undefined) throw new Error(`service ${serviceName} does not run`);
  return {
    get desiredCount() {
      return service()?.desiredCount ?? 0;
    },
    scaleTo: (count) =>
      service()?.scaleTo(Math.min(Math.max(count, Number(MinCapacity)), Number(MaxCapacity))),
  };
}

function checkDimension({ ServiceNamespace, ScalableDimension }: Resource['properties']): Finding[] {
  if (ServiceNamespace === 'ecs' && ScalableDimension === 'ecs:service:DesiredCount') return [];
  const why = `${ScalableDimension} is not scaled locally (ecs:service:DesiredCount is)`;
  return [{ property: 'ScalableDimension', why, refused: true }];
}
