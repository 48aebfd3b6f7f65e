import { EngineError } from './errors.ts';
import type { FauxqsInternals, Queue, SqsStore } from './fauxqs.ts';
import { MessageMoveTask } from './messageMoveTask.ts';

/** Redrive as SQS does it, which fauxqs lacks: StartMessageMoveTask, ListMessageMoveTasks, CancelMessageMoveTask. */
export interface MessageMoves {
  /**
   * Answers one of the three actions; undefined for any other.
   * @throws {EngineError} with the codes and messages that were recorded from AWS
   */
  answer(action: string, input: Record<string, unknown>): object | undefined;
  /** Ends all tasks; what they have not moved stays. */
  stop(): void;
}

export function createMessageMoves(sqsStore: SqsStore, internals: FauxqsInternals): MessageMoves {
  const tasks: MessageMoveTask[] = [];
  return {
    answer(action, input) {
      switch (action) {
        case 'StartMessageMoveTask':
          return start(input);
        case 'ListMessageMoveTasks':
          return list(input);
        case 'CancelMessageMoveTask':
          return cancel(input);
        default:
          return undefined;
      }
    },
    stop() {
      for (const task of tasks) task.stop();
    },
  };

  function start({ SourceArn, DestinationArn, MaxNumberOfMessagesPerSecond }: Record<string, unknown>) {
    const source = existing('SourceArn', SourceArn);
    const destination = DestinationArn == null ? undefined : existing('DestinationArn', DestinationArn);
    const maxPerSecond = integer('MaxNumberOfMessagesPerSecond', MaxNumberOfMessagesPerSecond, 500);
    checkQueues(source, destination);
    if (tasks.some((task) => task.sourceArn === source.arn && task.isActive)) {
      throw invalid(
        'There is already a task running. Only one active task is allowed for a source queue arn at a given time.',
      );
    }
    const task = new MessageMoveTask({ source, destination, maxPerSecond, sqsStore, internals });
    tasks.unshift(task);
    forgetOldTasks(source.arn);
    return { TaskHandle: task.handle };
  }

  function list({ SourceArn, MaxResults }: Record<string, unknown>) {
    const source = existing('SourceArn', SourceArn);
    const count = integer('MaxResults', MaxResults, keptTasks) ?? 1;
    const ofSource = tasks.filter(({ sourceArn }) => sourceArn === source.arn);
    return { Results: ofSource.slice(0, count).map((task) => task.result()) };
  }

  function cancel({ TaskHandle }: Record<string, unknown>) {
    existing('SourceArn', sourceArnOf(TaskHandle));
    const task = tasks.find(({ handle }) => handle === TaskHandle);
    if (task === undefined) throw notFound('Task does not exist.');
    if (!task.cancel()) throw unsupported('Only a task that is running can be cancelled.');
    return { ApproximateNumberOfMessagesMoved: task.result().ApproximateNumberOfMessagesMoved };
  }

  function existing(parameter: string, arn: unknown): Queue {
    if (arn == null) {
      throw new EngineError('MissingParameter', `The request must contain the parameter ${parameter}.`);
    }
    const queue = sqsStore.getQueueByArn(String(arn));
    if (queue !== undefined) return queue;
    throw notFound(`The resource that you specified for the ${parameter} parameter doesn't exist.`);
  }

  function checkQueues(source: Queue, destination: Queue | undefined): void {
    if (!isDeadLetterQueue(source)) throw invalid('Source queue must be configured as a Dead Letter Queue.');
    if (destination === source) throw invalid('Source and destination queue must not be the same.');
    if (source.isFifo() || destination?.isFifo() === true) {
      throw unsupported('The local platform moves messages between standard queues only.');
    }
  }

  function isDeadLetterQueue({ arn }: Queue): boolean {
    return [...sqsStore.allQueues()].some(({ attributes }) => deadLetterArn(attributes) === arn);
  }

  function forgetOldTasks(sourceArn: string): void {
    const old = tasks.filter((task) => task.sourceArn === sourceArn).slice(keptTasks);
    for (const task of old) tasks.splice(tasks.indexOf(task), 1);
  }
}

/** SQS lists at most ten. */
const keptTasks = 10;

function deadLetterArn({ RedrivePolicy }: Record<string, string>): unknown {
  try {
    return JSON.parse(RedrivePolicy ?? '{}').deadLetterTargetArn;
  } catch {
    return undefined; // not JSON: as good as none
  }
}

function sourceArnOf(taskHandle: unknown): unknown {
  try {
    const { taskId, sourceArn } = JSON.parse(Buffer.from(String(taskHandle), 'base64').toString());
    if (typeof taskId === 'string' && typeof sourceArn === 'string') return sourceArn;
  } catch {
    // said below
  }
  throw invalid('Value for parameter TaskHandle is invalid.');
}

function integer(parameter: string, value: unknown, max: number): number | undefined {
  if (value == null) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw invalid(
    `Value ${JSON.stringify(value)} for parameter ${parameter} is invalid. Reason: Must be an integer between 1 and ${max}.`,
  );
}

function invalid(message: string): EngineError {
  return new EngineError('InvalidParameterValue', message);
}

function notFound(message: string): EngineError {
  return new EngineError('ResourceNotFoundException', message, 404);
}

function unsupported(message: string): EngineError {
  return new EngineError('UnsupportedOperation', message);
}
