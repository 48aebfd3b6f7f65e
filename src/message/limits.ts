/** How many attributes SQS allows a message, which SNS passes on. SNS discards a raw delivery that has more. */
export const maxAttributes = 10;

/**
 * The attributes that a publisher of this package sets; a message needs none of them but `jobName`. `traceparent` is
 * reserved too, but a caller's own trace is theirs to give.
 */
export const reservedNames = ['jobName', 'jobId', 'publishedAt'] as const;

/** The size of an SNS message, body and attributes together, in bytes; a batch of messages shares it. */
export const maxMessageBytes = 262_144;

/** The size of an SQS message, body and attributes together, in bytes; a batch of messages shares it. */
export const maxSqsBytes = 1_048_576;

/** The entries of a batched call: SNS's PublishBatch, SQS's SendMessageBatch, DeleteMessageBatch and the like. */
export const maxBatchEntries = 10;

/** The size of a payload that travels through S3, its JSON in bytes: it is held in memory as a whole. */
export const maxClaimCheckBytes = 16_777_216;

/** A message's attributes as SNS and SQS take and give them. */
export type MessageAttributes = Readonly<Record<string, MessageAttribute>>;

export interface MessageAttribute {
  readonly DataType: string | undefined;
  readonly StringValue?: string | undefined;
  readonly BinaryValue?: Uint8Array | undefined;
}

/** What SNS and SQS count of attributes into the size of a message: their names, types and values. */
export function attributeBytes(attributes: MessageAttributes): number {
  return Object.entries(attributes)
    .map(
      ([name, { DataType = '', StringValue = '', BinaryValue }]) =>
        Buffer.byteLength(name + DataType + StringValue) + (BinaryValue?.length ?? 0),
    )
    .reduce((sum, bytes) => sum + bytes, 0);
}
