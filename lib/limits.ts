import { Annotations, CfnResource, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

/** CloudFormation's resources in one stack; above it a synth fails. */
const maxResources = 500;
const resourcesWorthAWarning = 400;

/** SNS's filter policies on one topic, unless Service Quotas raised them. */
const maxFilterPolicies = 200;
const filterPoliciesWorthAWarning = 180;

/** SNS's combinations of values in one filter policy. Whether it counts the names in an anything-but is not documented. */
const maxFilterValues = 150;

/** Warns, at synth, of the limits that a growing platform comes near. */
export function warnNearLimits(scope: Construct, jobCount: number): void {
  const stack = Stack.of(scope);
  const resources = stack.node.findAll().filter((construct) => CfnResource.isCfnResource(construct)).length;
  const warn = (id: string, text: string) =>
    Annotations.of(scope).addWarningV2(`serverless-jobs:${id}`, text);
  if (resources >= resourcesWorthAWarning) {
    warn(
      'resources',
      `The stack ${stack.stackName} has ${resources} of the ${maxResources} resources that CloudFormation allows, ` +
        `with ${jobCount} jobs. Move some of the jobs into another platform, with a topic of its own.`,
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
