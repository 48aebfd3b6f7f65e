/** A line that the Powertools Logger wrote, taken apart. */
export interface LogEntry {
  /** `DEBUG`, `INFO`, `WARN`, `ERROR`, … */
  readonly level: string;
  readonly message: string;
  readonly jobName: string | undefined;
  /** As it was logged: an object with `name`, `message` and `stack` as a rule; undefined without one. */
  readonly error: unknown;
  /** The others that differ from line to line, in their order. */
  readonly fields: Readonly<Record<string, unknown>> & OutcomeFields;
}

/** What the runtime's line about a message says: what became of it. */
interface OutcomeFields {
  readonly jobId?: string;
  /** `succeeded`, `retry`, `dead`, … */
  readonly outcome?: string;
  readonly attempt?: number;
  /** Until the retry. */
  readonly delaySeconds?: number;
}

/** @returns undefined for any other text than a Powertools log line */
export function readLogLine(text: string): LogEntry | undefined {
  const line = jsonObject(text);
  if (line === undefined) return undefined;
  const { level, message, jobName, error, ...rest } = line;
  if (typeof level !== 'string' || message === undefined) return undefined;
  const fields = Object.fromEntries(Object.entries(rest).filter(([name]) => !constantFields.has(name)));
  return {
    level,
    message: typeof message === 'string' ? message : JSON.stringify(message),
    jobName: typeof jobName === 'string' ? jobName : undefined,
    error,
    fields,
  };
}

/** Fields that every line of a function carries: they help in CloudWatch, not here. */
const constantFields = new Set([
  'timestamp',
  'service',
  'sampling_rate',
  'xray_trace_id',
  'xrayTraceId',
  'cold_start',
  'function_arn',
  'function_memory_size',
  'function_name',
  'function_request_id',
  'requestId',
  'messageId',
  'codeVersion',
]);

function jsonObject(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
