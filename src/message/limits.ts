/**
 * How many attributes a message may have in SQS. SNS allows more, but discards a raw delivery that has more than this.
 */
export const maxAttributes = 10;

/** The attributes that this package's publisher sets. A message needs `jobName` alone. */
export const reservedNames = ['jobName', 'jobId', 'publishedAt'] as const;

/** The largest SNS message in bytes, body and attributes together. A batch of messages shares this limit. */
export const maxMessageBytes = 262_144;

/** The largest SQS message in bytes, body and attributes together. A batch of messages shares this limit. */
export const maxSqsBytes = 1_048_576;

/**
 * The most entries in a batched call: PublishBatch of SNS, and SendMessageBatch,
 * DeleteMessageBatch and the like of SQS.
 */
export const maxBatchEntries = 10;

/** The largest payload that travels through S3, in bytes of JSON. Publisher and job hold it in memory as a whole. */
export const maxClaimCheckBytes = 16_777_216;

/** A message's attributes in the form of SNS and SQS. */
export type MessageAttributes = Readonly<Record<string, MessageAttribute>>;

export interface MessageAttribute {
  readonly DataType: string | undefined;
  readonly StringValue?: string | undefined;
  readonly BinaryValue?: Uint8Array | undefined;
}

/** The bytes by which attributes add to a message's size in SNS and SQS: their names, types and values. */
export function attributeBytes(attributes: MessageAttributes): number {
  return Object.entries(attributes)
    .map(
      ([name, { DataType = '', StringValue = '', BinaryValue }]) =>
        Buffer.byteLength(name + DataType + StringValue) + (BinaryValue?.length ?? 0),
    )
    .reduce((sum, bytes) => sum + bytes, 0);
}
