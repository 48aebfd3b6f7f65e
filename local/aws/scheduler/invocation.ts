import { randomBytes, randomUUID } from 'node:crypto';
import { lastPart } from '../../../src/names.ts';
import type { Clock } from '../alarms/clock.ts';
import { type Engine, EngineError } from '../engine/engine.ts';
import { scaledSeconds } from '../engine/timeScale.ts';
import type { Schedule } from './schedule.ts';
import type { InvocationState } from './scheduleView.ts';
import { callTarget } from './targets.ts';
import { wait } from './time.ts';

export interface Invocation {
  readonly schedule: Schedule;
  readonly scheduleArn: string;
  /** Epoch ms. */
  readonly scheduledMs: number;
  /** Ends the retries. */
  readonly cancelled: AbortSignal;
}

export interface InvocationOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  onWarning(text: string): void;
  /** Told of the first attempt that failed, when there will be others. */
  onRetrying(error: EngineError): void;
}

/**
 * Calls the target of a schedule until it takes the call, as its retry policy says; what it never takes goes to the
 * dead-letter queue. At least once: a call that was taken and failed afterwards is made again.
 */
export async function invoke(
  invocation: Invocation,
  options: InvocationOptions,
): Promise<{ state: InvocationState; error?: EngineError }> {
  const { schedule, cancelled } = invocation;
  const { clock, engine } = options;
  const { MaximumEventAgeInSeconds, MaximumRetryAttempts } = schedule.Target.RetryPolicy;
  const tooOldMs = clock.now() + 1_000 * scaledSeconds(MaximumEventAgeInSeconds, engine.speed);
  for (let attempt = 1; !cancelled.aborted; attempt++) {
    const executionId = randomBytes(8).toString('hex');
    const input = inputOf(invocation, executionId, attempt, engine);
    try {
      await callTarget(schedule.Target, input, engine);
      return { state: 'delivered' };
    } catch (failure) {
      const error = asEngineError(failure);
      const waitMs = 1_000 * scaledSeconds(backoffSeconds(attempt), engine.speed);
      const condition = isPermanent(error)
        ? 'permanent'
        : attempt > MaximumRetryAttempts
          ? 'MaximumRetryAttempts'
          : clock.now() + waitMs > tooOldMs
            ? 'MaximumEventAgeInSeconds'
            : undefined;
      if (condition !== undefined) {
        await deadLetter(invocation, { input, executionId, attempt, error, condition }, options);
        return { state: 'dead', error };
      }
      if (attempt === 1) options.onRetrying(error);
      if (!(await wait(clock, waitMs, cancelled))) break;
    }
  }
  return { state: 'cancelled' };
}

/** As `<aws.scheduler.scheduled-time>` has it: 2026-11-21T09:00:00Z. */
export function isoSeconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** AWS says "exponential backoff" and no numbers; with this, 185 retries take the 24 hours. */
function backoffSeconds(attempt: number): number {
  return Math.min(2 ** (attempt - 1), 480);
}

/** What comes of the input itself, so that trying again cannot mend it. */
function isPermanent({ code }: EngineError): boolean {
  return /^(Invalid|Validation|Serialization|Missing|Unsupported|BatchRequestTooLong)/.test(code);
}

function inputOf(
  { schedule, scheduleArn, scheduledMs }: Invocation,
  executionId: string,
  attempt: number,
  engine: Engine,
): string {
  const { Input = defaultNotification(scheduleArn, scheduledMs, engine) } = schedule.Target;
  const attributes: Readonly<Record<string, string>> = {
    'schedule-arn': scheduleArn,
    'scheduled-time': isoSeconds(scheduledMs),
    'execution-id': executionId,
    'attempt-number': String(attempt),
  };
  return Input.replace(/<aws\.scheduler\.([a-z-]+)>/g, (keyword, name) => attributes[name] ?? keyword);
}

/** What a target without an Input gets. */
function defaultNotification(
  scheduleArn: string,
  scheduledMs: number,
  { region, accountId }: Engine,
): string {
  return JSON.stringify({
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.scheduler',
    account: accountId,
    time: isoSeconds(scheduledMs),
    region,
    resources: [scheduleArn],
    detail: '{}',
  });
}

interface Failure {
  readonly input: string;
  readonly executionId: string;
  readonly attempt: number;
  readonly error: EngineError;
  readonly condition: 'permanent' | 'MaximumRetryAttempts' | 'MaximumEventAgeInSeconds';
}

/** Attributes: "Configuring a schedule's dead-letter queue" in the user guide of EventBridge Scheduler. */
async function deadLetter(
  { schedule, scheduleArn, scheduledMs }: Invocation,
  { input, executionId, attempt, error, condition }: Failure,
  { engine, onWarning }: InvocationOptions,
): Promise<void> {
  const queueArn = schedule.Target.DeadLetterConfig?.Arn;
  const what = `Schedule ${schedule.GroupName}/${schedule.Name} of ${isoSeconds(scheduledMs)} failed after ${attempt} ${attempt === 1 ? 'attempt' : 'attempts'} (${error.code}: ${error.message})`;
  if (queueArn === undefined) {
    onWarning(`${what}. It has no dead-letter queue, so it is lost.`);
    return;
  }
  const attributes = {
    ERROR_CODE: error.code,
    ERROR_MESSAGE: error.message || error.code,
    EXECUTION_ID: executionId,
    ...(condition === 'permanent' ? {} : { EXHAUSTED_RETRY_CONDITION: condition }),
    IS_PAYLOAD_TRUNCATED: 'false',
    RETRY_ATTEMPTS: String(attempt - 1),
    SCHEDULED_TIME: isoSeconds(scheduledMs),
    SCHEDULE_ARN: scheduleArn,
    TARGET_ARN: schedule.Target.Arn,
  };
  const queueName = lastPart(queueArn);
  try {
    await engine.sqs('SendMessage', {
      QueueUrl: engine.queueUrl(queueName),
      MessageBody: input,
      MessageAttributes: Object.fromEntries(
        Object.entries(attributes).map(([name, value]) => [name, { DataType: 'String', StringValue: value }]),
      ),
    });
    onWarning(`${what}. Its input is in ${queueName}.`);
  } catch (failure) {
    onWarning(`${what} and is lost: ${queueName} did not take it (${(failure as Error).message}).`);
  }
}

function asEngineError(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new EngineError('AWS.Scheduler.InternalServerError', message, 500, { cause: error });
}
