import assert from 'node:assert/strict';
import type { Aws } from './aws.ts';

export type Service = 'sqs' | 'sns' | 'mapping' | 'alarms' | 'scheduler' | 'dynamodb' | 's3';

/** Something that AWS does and this product relies on. */
export interface Behaviour {
  readonly service: Service;
  /** What AWS does, as a sentence whose subject is the service. */
  readonly name: string;
  /** AWS's page that says so, or who has recorded it on AWS. */
  readonly source: string;
  /** The issue that will make the laptop's endpoint do it. Absent: it does. */
  readonly unmet?: string;
  /** Fails with what differs. */
  readonly run: (aws: Aws) => Promise<void>;
}

/** Tells one row from all others. */
export function keyOf({ service, name }: Pick<Behaviour, 'service' | 'name'>): string {
  return `${service}: ${name}`;
}

/** The issues that the marks name. */
export const issues = {
  engine: "The laptop's engine: durable, on one clock, without tricks",
  machine: 'One machine without a cloud: files on disk, reachable on purpose',
} as const;

export const recorded = "recorded on AWS: snapshots of LocalStack's tests";
export const verified = "verified on AWS: moto's tests marked as such";

/** Makes the rows of a service's table. */
export function rowsOf(service: Service, unmetIssue: string) {
  const rows: Behaviour[] = [];
  return {
    rows,
    /** What the laptop's endpoint does too. */
    met: (name: string, source: string, run: Behaviour['run']) => rows.push({ service, name, source, run }),
    /** What it does not do yet. */
    unmet: (name: string, source: string, run: Behaviour['run']) =>
      rows.push({ service, name, source, run, unmet: unmetIssue }),
  };
}

/** Whether a code has it is a row of its own. */
const prefix = 'AWS.SimpleQueueService.';

/** Asserts that AWS refuses the call with this code, as the SDK or the protocol gives it. */
export async function refused(call: Promise<unknown>, code: string, message = /(?:)/): Promise<void> {
  let error: Partial<Record<'name' | 'Code' | 'message', string>> & { Error?: { Code?: string } };
  try {
    const answer = await call;
    assert.fail(`It is accepted, and not refused with ${code}: ${JSON.stringify(answer).slice(0, 300)}`);
  } catch (thrown) {
    if (thrown instanceof assert.AssertionError) throw thrown;
    error = thrown as typeof error;
  }
  const codes = [error.name, error.Code, error.Error?.Code].map((given) => given?.replace(prefix, ''));
  assert.ok(
    codes.includes(code),
    `It is refused with ${error.Code ?? error.name}, and not with ${code}: ${error.message}`,
  );
  assert.match(error.message ?? '', message);
}
