import { Annotations, CfnResource, STACK_RESOURCE_LIMIT_CONTEXT, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { SynthError } from './synthError.ts';

/** CloudFormation's quota of resources in one stack. */
const maxResources = 500;
const resourcesWorthAWarning = 400;

/** SNS's default quota of filter policies on one topic. */
const maxFilterPolicies = 200;
const filterPoliciesWorthAWarning = 180;

/** SNS's quota of value combinations in one filter policy. AWS does not say whether each name in an anything-but counts. */
const maxFilterValues = 150;

/**
 * Warns, at synth, of the limits that a growing platform comes near.
 * @throws {SynthError} when the stack has more resources than CloudFormation allows
 */
export function checkLimits(scope: Construct, jobCount: number): void {
  const stack = Stack.of(scope);
  const resources = stack.node.findAll().filter((construct) => CfnResource.isCfnResource(construct)).length;
  const limit = resourceLimit(stack);
  const advice = 'Move some of the jobs into another platform, with a topic of its own.';
  if (resources > limit.max) {
    throw new SynthError(
      `The stack ${stack.stackName} has ${resources} resources, with ${jobCount} jobs; ${limit.of} allows ${limit.max}. ${advice}`,
    );
  }
  const warn = (id: string, text: string) =>
    Annotations.of(scope).addWarningV2(`serverless-jobs:${id}`, text);
  if (resources >= resourcesWorthAWarning) {
    warn(
      'resources',
      `The stack ${stack.stackName} has ${resources} of the ${maxResources} resources that CloudFormation allows, ` +
        `with ${jobCount} jobs. ${advice}`,
    );
  }
  const filterPolicies = jobCount + 1;
  if (filterPolicies >= filterPoliciesWorthAWarning) {
    warn(
      'filter-policies',
      `The topic has ${filterPolicies} of the ${maxFilterPolicies} filter policies that SNS allows. ` +
        'Have the quota "Filter policies per topic" raised, or move some of the jobs into another platform.',
    );
  }
  if (filterPolicies > maxFilterValues) {
    warn(
      'filter-values',
      `The unrouted queue's filter policy names ${jobCount} jobs; SNS allows ${maxFilterValues} combinations of ` +
        'values and may count each name, so the deployment may be refused. Move some of the jobs into another platform.',
    );
  }
}

/** The CDK's context key overrides the limit, as it does where the CDK itself counts. 0 means that there is no limit. */
function resourceLimit(stack: Stack): { readonly max: number; readonly of: string } {
  const context: unknown = stack.node.tryGetContext(STACK_RESOURCE_LIMIT_CONTEXT);
  if (context === undefined) return { max: maxResources, of: 'CloudFormation' };
  const max = Number.parseInt(String(context), 10);
  return { max: max > 0 ? max : Number.POSITIVE_INFINITY, of: `the context ${STACK_RESOURCE_LIMIT_CONTEXT}` };
}
