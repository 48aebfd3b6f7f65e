import type { Assembly, Stack } from '../assembly/assembly.ts';
import { conditionHolds, resolveIntrinsics, type Scope } from '../assembly/intrinsics.ts';
import type { TemplateResource } from '../assembly/template.ts';
import { notEvaluatedTypes, resourceTypes } from './index.ts';
import { notEvaluatedSummary } from './notEvaluatedSummary.ts';
import type { NotEvaluatedType, Place, Problem, Resource, Resources } from './resourceType.ts';
import { localArn } from './resourceType.ts';

/** What an assembly asks for. */
export interface DesiredState {
  /** What is to run; everything comes after what it refers to or depends on. */
  readonly resources: readonly Resource[];
  /** What does not run here as on AWS; includes every resource that is in `stuck`. */
  readonly problems: readonly Problem[];
  /** Resources that cannot be had as asked, as `stack/logicalId`: what runs in their place is left alone. */
  readonly stuck: ReadonlySet<string>;
  /** What was accepted without effect: resource types with their number, properties. */
  readonly notEvaluated: readonly string[];
}

/** Resolves every resource of an assembly. Never throws for a single resource: that is a problem in the result. */
export function desiredState(assembly: Assembly, place: Place): DesiredState {
  const graph = graphOf(assembly, place);
  const nodes = [...graph.byKey.values()].filter((node) => isWanted(graph, node));
  const problems: Problem[] = [];
  const stuck = new Set<string>();
  const resolved = new Map<Node, Resource>();

  for (const node of nodes) {
    if (resourceTypes.has(node.template.Type)) {
      attempt(node, () => resolved.set(node, resolveNode(graph, node)));
    } else if (!notEvaluatedTypes.has(node.template.Type)) {
      problems.push(problemOf(node, { why: 'is not supported locally: nothing was created for it' }));
    }
  }
  const all = resourcesOf([...resolved.values()], place);
  for (const [node, resource] of resolved) {
    for (const finding of findingsOf(resource, all)) {
      problems.push(problemOf(node, finding));
      if (finding.refused) stuck.add(keyOf(node.stack.name, node.logicalId));
    }
  }
  const ordered = inOrder(nodes).flatMap((node) => resolved.get(node) ?? []);
  const isLast = ({ type }: Resource) => resourceTypes.get(type)?.isLast === true;
  return {
    resources: [...ordered.filter((one) => !isLast(one)), ...ordered.filter(isLast)].filter(
      ({ stack, logicalId }) => !stuck.has(keyOf(stack.name, logicalId)),
    ),
    problems,
    stuck,
    notEvaluated: notEvaluatedSummary(nodes.map(({ template }) => template)),
  };

  function attempt(node: Node, work: () => void): void {
    try {
      work();
    } catch (error) {
      problems.push(problemOf(node, { why: `could not be resolved: ${(error as Error).message}` }));
      stuck.add(keyOf(node.stack.name, node.logicalId));
    }
  }
}

/** How a resource is called in {@link DesiredState.stuck}. */
export function keyOf(stackName: string, logicalId: string): string {
  return `${stackName}/${logicalId}`;
}

/** What a resource without a name of its own is called. */
export function madeName(stackName: string, logicalId: string, maxLength = 255): string {
  return `${stackName}-${logicalId}`.slice(0, maxLength);
}

/** A resource of a template, before its intrinsics are resolved. */
interface Node {
  readonly stack: Stack;
  readonly logicalId: string;
  readonly template: TemplateResource;
  /** What it refers to; known once it is resolved. */
  readonly dependencies: Set<Node>;
}

/** The resources of all stacks, which refer to each other. */
interface Graph {
  readonly assembly: Assembly;
  readonly place: Place;
  /** Those that conditions leave out, too: they can be referred to. */
  readonly byKey: ReadonlyMap<string, Node>;
}

function graphOf(assembly: Assembly, place: Place): Graph {
  const byKey = new Map<string, Node>();
  for (const stack of assembly.stacks) {
    for (const [logicalId, template] of Object.entries(stack.template.Resources ?? {})) {
      byKey.set(keyOf(stack.name, logicalId), { stack, logicalId, template, dependencies: new Set() });
    }
  }
  return { assembly, place, byKey };
}

/** Whether its condition holds, if it has one. */
function isWanted(graph: Graph, { stack, logicalId, template: { Condition } }: Node): boolean {
  return Condition === undefined || conditionHolds(Condition, scopeOf(graph, stack), logicalId);
}

function resolveNode(graph: Graph, node: Node): Resource {
  const { stack, logicalId, template, dependencies } = node;
  for (const dependency of [template.DependsOn ?? []].flat()) {
    referTo(graph, stack, dependency, dependencies);
  }
  const scope = scopeOf(graph, stack, dependencies);
  const properties = resolveIntrinsics(template.Properties ?? {}, scope, logicalId);
  return {
    type: template.Type,
    logicalId,
    path: pathOf(node),
    name: nameOf(graph, node),
    properties: properties as Resource['properties'],
    stack,
  };
}

/** @param dependencies gets every resource that is referred to through this scope */
function scopeOf(graph: Graph, stack: Stack, dependencies = new Set<Node>()): Scope {
  const { place } = graph;
  return {
    stackName: stack.name,
    template: stack.template,
    region: place.region,
    accountId: place.accountId,
    ref: (logicalId) => {
      const node = referTo(graph, stack, logicalId, dependencies);
      return node && typeOf(node).ref(nameOf(graph, node), place);
    },
    attribute: (logicalId, attribute) => {
      const node = referTo(graph, stack, logicalId, dependencies);
      return (
        node &&
        typeOf(node).attributes(nameOf(graph, node), place, (name) => propertyOf(graph, node, name))[
          attribute
        ]
      );
    },
    exportedValue: (name) => exportedValue(graph, name, dependencies),
    stackOutput: (stackName, outputName) => stackOutput(graph, stackName, outputName, dependencies),
    ssmParameter: (name) => ssmParameter(graph, name),
  };
}

function referTo(
  { byKey }: Graph,
  stack: Stack,
  logicalId: string,
  dependencies: Set<Node>,
): Node | undefined {
  const node = byKey.get(keyOf(stack.name, logicalId));
  if (node) dependencies.add(node);
  return node;
}

function nameOf(graph: Graph, node: Node): string {
  const { stack, logicalId, template } = node;
  const { name } = typeOf(node);
  if (name && template.Properties?.[name.property] !== undefined) {
    return String(propertyOf(graph, node, name.property));
  }
  const suffix = name?.suffix?.(template.Properties ?? {}) ?? '';
  const made = madeName(stack.name, logicalId, (name?.maxLength ?? 255) - suffix.length) + suffix;
  return name?.made?.(made) ?? made;
}

function propertyOf(graph: Graph, { stack, logicalId, template }: Node, name: string): unknown {
  return resolveIntrinsics(template.Properties?.[name], scopeOf(graph, stack), logicalId);
}

function exportedValue(graph: Graph, name: string, dependencies: Set<Node>): unknown {
  for (const stack of graph.assembly.stacks) {
    const scope = scopeOf(graph, stack, dependencies);
    for (const [id, output] of Object.entries(stack.template.Outputs ?? {})) {
      if (output.Export === undefined || resolveIntrinsics(output.Export.Name, scope, id) !== name) continue;
      return resolveIntrinsics(output.Value, scope, id);
    }
  }
  return undefined;
}

function stackOutput(graph: Graph, stackName: string, outputName: string, dependencies: Set<Node>): unknown {
  const stack = graph.assembly.stacks.find(({ name }) => name === stackName);
  const output = stack?.template.Outputs?.[outputName];
  return stack && output && resolveIntrinsics(output.Value, scopeOf(graph, stack, dependencies), outputName);
}

function ssmParameter(graph: Graph, name: string): unknown {
  for (const node of graph.byKey.values()) {
    if (node.template.Type !== 'AWS::SSM::Parameter' || nameOf(graph, node) !== name) continue;
    return propertyOf(graph, node, 'Value');
  }
  return undefined;
}

/** An unsupported type is named as a problem; what refers to it gets a made-up name, so that it can still run. */
function typeOf({ template: { Type } }: Pick<Node, 'template'>): NotEvaluatedType {
  return resourceTypes.get(Type) ?? notEvaluatedTypes.get(Type) ?? unsupported;
}

const unsupported: NotEvaluatedType = {
  type: 'unsupported',
  ref: (name) => name,
  attributes: (name, { region, accountId }) => ({
    Arn: localArn('unsupported', { region, accountId }, name),
  }),
};

function resourcesOf(list: readonly Resource[], place: Place): Resources {
  const byArn = new Map<string, Resource>();
  for (const resource of list) {
    const property = (name: string) => resource.properties[name];
    const { Arn, TopicArn } =
      resourceTypes.get(resource.type)?.attributes(resource.name, place, property) ?? {};
    const arn = Arn ?? TopicArn;
    if (arn !== undefined) byArn.set(arn, resource);
  }
  return { list, byArn: (arn) => byArn.get(String(arn)) };
}

function findingsOf(resource: Resource, all: Resources) {
  const type = resourceTypes.get(resource.type);
  const known = new Set([...(type?.honoured ?? []), ...(type?.notEvaluated ?? [])]);
  const findings = type?.check?.(resource, all) ?? [];
  const checked = new Set(findings.map(({ property }) => property));
  const unknown = Object.keys(resource.properties).filter((name) => !known.has(name) && !checked.has(name));
  return [
    ...findings,
    ...unknown.map((property) => ({ property, why: 'is not honoured locally', refused: false })),
  ];
}

function problemOf(node: Node, { property, why }: { property?: string; why: string }): Problem {
  const { logicalId, template } = node;
  return {
    logicalId,
    path: pathOf(node),
    type: template.Type,
    ...(property === undefined ? {} : { property }),
    why,
  };
}

/** `Stack/Jobs/GreetingJob/Queue/Resource` → `Stack/Jobs/GreetingJob/Queue` */
function pathOf({ logicalId, template }: Node): string {
  const path = template.Metadata?.['aws:cdk:path'];
  return typeof path === 'string' ? path.replace(/\/Resource$/, '') : logicalId;
}

/** Dependencies first; otherwise as in the template. */
function inOrder(nodes: readonly Node[]): Node[] {
  const ordered = new Set<Node>();
  const entered = new Set<Node>();
  for (const node of nodes) visit(node);
  return [...ordered];

  function visit(node: Node): void {
    if (entered.has(node)) return;
    entered.add(node);
    for (const dependency of node.dependencies) visit(dependency);
    ordered.add(node);
  }
}
