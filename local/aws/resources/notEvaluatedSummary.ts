import type { TemplateResource } from '../assembly/template.ts';
import { notEvaluatedTypes, resourceTypes } from './index.ts';

/** The resource types, with their number, and the properties that were accepted without effect. */
export function notEvaluatedSummary(resources: readonly TemplateResource[]): string[] {
  const types = new Map<string, number>();
  const properties = new Set<string>();
  for (const { Type, Properties = {} } of resources) {
    if (notEvaluatedTypes.has(Type)) types.set(shortName(Type), (types.get(shortName(Type)) ?? 0) + 1);
    const ignored = resourceTypes.get(Type)?.notEvaluated ?? [];
    for (const property of ignored)
      if (property in Properties) properties.add(`${shortName(Type)}.${property}`);
  }
  const counted = [...types].map(([type, count]) => (count === 1 ? type : `${count} ${type}`));
  return [...counted, ...properties];
}

/** `AWS::SQS::QueuePolicy` → `SQS::QueuePolicy` */
function shortName(type: string): string {
  return type.replace(/^AWS::/, '');
}
