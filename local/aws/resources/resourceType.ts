import { arnOf, lastPart } from '../../../src/names.ts';
import type { AlarmBoard } from '../alarms/alarmBoard.ts';
import type { Mailbox } from '../alarms/mailbox.ts';
import type { Stack } from '../assembly/assembly.ts';
import type { Engine } from '../engine/engine.ts';
import type { HttpApi } from '../http/httpApi.ts';
import type { Listeners } from '../http/listeners.ts';
import type { BatchOutcome } from '../lambda/eventSourceMapping.ts';
import type { LocalFunction, LogLine } from '../lambda/function.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import type { LocalService } from '../worker/service.ts';
import type { ScalableTarget } from './scalableTarget.ts';
import type { ScalingPolicy } from './scalingPolicy.ts';
import type { TaskDefinition } from './taskDefinition.ts';

/**
 * How the local platform honours one CloudFormation resource type: a file per type, listed in `index.ts`.
 *
 * `Handle` is what `create` gives and `update` and `delete` get back (a function's sandboxes, a subscription's ARN).
 */
// biome-ignore lint/suspicious/noExplicitAny: the table of all types holds many kinds of handles
export interface ResourceType<Handle = any> {
  /** As in the template: `AWS::SQS::Queue`. */
  readonly type: string;
  /** The properties that take effect. Any other, unless in `notEvaluated`, is named at start. */
  readonly honoured: readonly string[];
  /** The properties that mean nothing on one machine (roles, encryption, tags): accepted, summed up in one line. */
  readonly notEvaluated: readonly string[];
  /** The property that holds the physical name, and the longest name AWS takes; without a name one is made. */
  readonly name?: {
    readonly property: string;
    readonly maxLength: number;
    readonly suffix?: (properties: Properties) => string;
    /** What AWS takes of a name that was made. */
    readonly made?: (name: string) => string;
  };
  /** What `Ref` gives. */
  ref(name: string, place: Place): string;
  /**
   * What `Fn::GetAtt` gives, by attribute.
   * @param property gives a property of the resource, for an ARN that is made of more than the name
   */
  attributes(
    name: string,
    place: Place,
    property?: (name: string) => unknown,
  ): Readonly<Record<string, string>>;
  /** It acts by itself, so it is created when everything else is there. */
  readonly isLast?: boolean;
  /** What makes it the same resource as one that already runs. Default: its physical name. */
  identity?(resource: Resource): string;
  /** What can be said without running it. A problem that is `refused` keeps the resource from being created. */
  check?(resource: Resource, all: Resources): Finding[];
  create(resource: Resource, context: ResourceContext): Promise<Handle>;
  update(resource: Resource, handle: Handle, context: ResourceContext, before: Resource): Promise<Handle>;
  delete(resource: Resource, handle: Handle, context: ResourceContext): Promise<void>;
  /** It takes work from elsewhere: when the platform stops, it takes no more before what does the work is stopped. */
  readonly takesWork?: boolean;
  /**
   * For a type with processes, pollers or ports: ends them when the platform stops, what is in flight first.
   * @param drainMs Infinity: as long as that may take by itself, such as an invocation until its timeout
   */
  stop?(handle: Handle, drainMs: number): Promise<void>;
}

/** A type that has no effect locally: its resources are accepted, and summed up in one line at start. */
export type NotEvaluatedType = Pick<ResourceType, 'type' | 'name' | 'ref' | 'attributes'>;

export type Properties = Readonly<Record<string, unknown>>;

/** Where things run: what ARNs and URLs are made of. */
export interface Place {
  readonly region: string;
  readonly accountId: string;
  /** Of SNS, SQS, S3 and DynamoDB. */
  readonly endpoint: string;
  queueUrl(name: string): string;
  /** `http://127.0.0.1:<port>` of a function URL or HTTP API. */
  apiUrl(name: string): string;
}

/** A resource of the template with its intrinsics resolved. */
export interface Resource {
  readonly type: string;
  readonly logicalId: string;
  /** The construct's path (`Jobs/GreetingJob/Queue`), or the logical ID where the template has none. */
  readonly path: string;
  /** Its physical name. */
  readonly name: string;
  readonly properties: Properties;
  readonly stack: Stack;
}

/** All resources of the assembly: for checks that concern more than one of them. */
export interface Resources {
  readonly list: readonly Resource[];
  byArn(arn: unknown): Resource | undefined;
}

export interface Finding {
  readonly property?: string;
  readonly why: string;
  readonly refused?: boolean;
}

/** Something of the template that does not run here as it would on AWS, named at start. */
export interface Problem {
  readonly logicalId: string;
  readonly path: string;
  readonly type: string;
  readonly property?: string;
  readonly why: string;
}

/** What resources are made of, and how those that need each other find each other. */
export interface ResourceContext {
  readonly place: Place;
  readonly engine: Engine;
  readonly alarms: AlarmBoard;
  readonly mailbox: Mailbox;
  readonly scheduler: Scheduler;
  /** The running functions by name. */
  readonly functions: Map<string, LocalFunction>;
  /** What is reached by HTTP: the ports, and HTTP APIs by their IDs. */
  readonly apis: {
    readonly listeners: Listeners;
    readonly httpApis: Map<string, HttpApi>;
  };
  /** What runs on ECS: task definitions by ARN, services by name. */
  readonly tasks: {
    readonly definitions: Map<string, TaskDefinition>;
    readonly services: Map<string, { readonly service: LocalService; readonly taskDefinitionArn: string }>;
  };
  readonly containers: ContainerVariables;
  /** Replace or add to the variables of every function and container on this machine. */
  readonly localVariables: Readonly<Record<string, string>>;
  /** Where Node's inspector is to listen for a function; undefined for one that nobody debugs. */
  inspectPortOf(functionName: string): number | undefined;
  /** What alarms scale: targets by what `Ref` gives, policies by ARN. */
  readonly scaling: {
    readonly targets: Map<string, ScalableTarget>;
    readonly policies: Map<string, ScalingPolicy>;
  };
  onLog(line: LogLine): void;
  onBatch(outcome: BatchOutcome): void;
  onWarning(text: string): void;
}

/** What the variables of a service's container mean: ECS itself does not know, who wrote the container does. */
export interface ContainerVariables {
  /** The queue that it consumes; undefined for another kind of container. */
  queueName(environment: Readonly<Record<string, string>>): string | undefined;
  /** Those that it has on this machine, where all containers share the ports. */
  onOneMachine(environment: Readonly<Record<string, string>>): Record<string, string>;
}

/** The ARN of a resource that is here. */
export function localArn(
  service: string,
  { region, accountId }: Pick<Place, 'region' | 'accountId'>,
  resource: string,
): string {
  return arnOf({ partition: 'aws', service, region, account: accountId, resource });
}

/** The name in an ARN that a template gives: of a queue, topic, alarm or function. */
export function nameOfArn(arn: unknown): string {
  return lastPart(String(arn));
}
