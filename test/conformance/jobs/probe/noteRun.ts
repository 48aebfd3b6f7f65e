import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';

/** The table that the checks look into, to see what has run. */
export const probeTable = 'conformance-runs';

export const probePermissions = [
  { Action: 'dynamodb:UpdateItem', Resource: `arn:aws:dynamodb:*:*:table/${probeTable}` },
];

let client: DynamoDBClient | undefined;

/** Adds a run of this ID to the table. */
export async function noteRun(id: string, attempt: number): Promise<void> {
  client ??= new DynamoDBClient();
  const run = { M: { at: { N: String(Date.now()) }, attempt: { N: String(attempt) } } };
  await client.send(
    new UpdateItemCommand({
      TableName: probeTable,
      Key: { id: { S: id } },
      UpdateExpression: 'SET runs = list_append(if_not_exists(runs, :none), :run)',
      ExpressionAttributeValues: { ':none': { L: [] }, ':run': { L: [run] } },
    }),
  );
}
