import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { expiryAfter } from './item.ts';
import type { StatusTable } from './table.ts';

/**
 * Looks at dead letters, of all the API's processes: an item for each job that says how many letters the last look was
 * for. Whoever finds another number there looks, and nobody else: each receive counts, and from the third on a letter is
 * none that CloudWatch counts the age of.
 * @returns whether it is the caller's to look
 */
export async function claimLook(
  { client, name }: StatusTable,
  jobName: string,
  letters: number,
  nowMs: number,
): Promise<boolean> {
  const command = new PutCommand({
    TableName: name,
    Item: { ...keyOf(jobName), letters, expiresAt: expiryAfter(nowMs) },
    ConditionExpression: 'attribute_not_exists(jobId) OR letters <> :letters OR expiresAt <= :now',
    ExpressionAttributeValues: { ':letters': letters, ':now': Math.floor(nowMs / 1000) },
  });
  try {
    await client.send(command);
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

/** A claimed look has failed: the next one may try. */
export async function dropLook({ client, name }: StatusTable, jobName: string): Promise<void> {
  await client.send(new DeleteCommand({ TableName: name, Key: keyOf(jobName) }));
}

/** No job's ID has a control character. */
function keyOf(jobName: string): { readonly jobId: string } {
  return { jobId: `\u0001dead-letters/${jobName}` };
}
