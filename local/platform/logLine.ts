/** A parsed line of the Powertools Logger. */
export interface LogEntry {
  /** `DEBUG`, `INFO`, `WARN`, `ERROR`, … */
  readonly level: string;
  readonly message: string;
  readonly jobName: string | undefined;
  /** The error as it was logged, most often an object with `name`, `message` and `stack`. Undefined without an error. */
  readonly error: unknown;
  /** The other fields that differ from line to line, in their order. */
  readonly fields: Readonly<Record<string, unknown>> & OutcomeFields;
}

/** What the runtime logs about the outcome of an attempt. */
interface OutcomeFields {
  readonly jobId?: string;
  /** `succeeded`, `retry`, `dead`, … */
  readonly outcome?: string;
  readonly attempt?: number;
  /** The delay before the retry. */
  readonly delaySeconds?: number;
}

/** @returns undefined for a text that is not a line of the Powertools Logger */
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

/** Fields that every line of a function carries. They help in CloudWatch, but not here. */
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
