import type { AlarmTransition, AlarmView } from '../aws/alarms/alarmBoard.ts';
import type { Mail } from '../aws/alarms/mailbox.ts';
import type { BatchOutcome } from '../aws/lambda/eventSourceMapping.ts';
import type { LogLine } from '../aws/lambda/function.ts';
import type { ApplyResult } from '../aws/resources/reconcile.ts';
import type { Problem } from '../aws/resources/resourceType.ts';
import type { ScheduleFiring, ScheduleView } from '../aws/scheduler/scheduleView.ts';

/** What happens on the platform, as it happens. */
export type PlatformEvent =
  | { readonly type: 'log'; readonly line: LogLine }
  | { readonly type: 'batch'; readonly outcome: BatchOutcome }
  | {
      readonly type: 'publish';
      readonly topicArn: string;
      readonly messageId: string;
      readonly jobName: string | undefined;
    }
  | { readonly type: 'alarm'; readonly transition: AlarmTransition }
  | { readonly type: 'mail'; readonly mail: Mail }
  | { readonly type: 'schedule'; readonly firing: ScheduleFiring }
  | { readonly type: 'apply'; readonly result: ApplyResult }
  | { readonly type: 'warning'; readonly text: string };

/** The platform at one moment; plain data (dates aside), for the console and tests. */
export interface PlatformSnapshot {
  readonly endpoint: string;
  readonly region: string;
  readonly topicArn: string | undefined;
  readonly consoleUrl: string | undefined;
  /** Of the first function URL or HTTP API, without a slash at its end. */
  readonly apiUrl: string | undefined;
  readonly filesBucket: string | undefined;
  readonly speed: number;
  readonly jobs: readonly JobView[];
  /** Queues that belong to no job: unrouted, undelivered, … */
  readonly otherQueues: readonly QueueView[];
  readonly alarms: readonly AlarmView[];
  /** Of the template and made at run time; what fires next comes first. */
  readonly schedules: readonly ScheduleView[];
  /** What does not run here as on AWS. */
  readonly problems: readonly Problem[];
  /** What was accepted without effect: resource types with their number, properties. */
  readonly notEvaluated: readonly string[];
  /** Bounded, oldest first. */
  readonly logLines: readonly LogLine[];
  /** Bounded, newest first. */
  readonly mails: readonly Mail[];
  /**
   * Messages that the job topic accepted since the start, by `jobName`; without a job of that name under `''`, and without
   * any attribute, which no queue gets, under `(without attributes)`.
   */
  readonly publishes: Readonly<Record<string, number>>;
}

export interface QueueView {
  readonly queueName: string;
  readonly queueUrl: string;
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
  /** Epoch ms, real time; undefined for an empty queue. */
  readonly oldestSentAtMs: number | undefined;
}

export interface JobView extends QueueView {
  readonly name: string;
  readonly functionName: string | undefined;
  /** Of a job that runs on Fargate; its workers' log lines carry this name. */
  readonly serviceName?: string | undefined;
  readonly deadLetterQueueUrl: string | undefined;
  /** Messages in the dead-letter queue. */
  readonly dead: number;
}
