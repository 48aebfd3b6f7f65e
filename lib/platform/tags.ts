import { TagManager } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';

/**
 * Tags every taggable resource in a construct. `Tags.of` would visit the whole tree again for each tag.
 */
export function tagResources(scope: IConstruct, tags: Readonly<Record<string, string>>): void {
  for (const construct of scope.node.findAll()) {
    const manager = TagManager.of(construct);
    for (const [key, value] of Object.entries(tags)) manager?.setTag(key, value);
  }
}
