import type * as sdk from '@aws-sdk/client-sqs';
import type { Target } from '../target.ts';

/** The calls of SQS that dead letters need; the SDK's `SQS` has them. */
export interface Sqs extends MessageCalls, MoveCalls {
  getQueueUrl: Call<sdk.GetQueueUrlRequest, sdk.GetQueueUrlResult>;
  listQueues: Call<sdk.ListQueuesRequest, sdk.ListQueuesResult>;
}

/** What moving messages one by one needs. */
export interface MessageCalls {
  receiveMessage: Call<sdk.ReceiveMessageRequest, sdk.ReceiveMessageResult>;
  sendMessageBatch: Call<sdk.SendMessageBatchRequest, Partial<sdk.SendMessageBatchResult>>;
  deleteMessageBatch: Call<sdk.DeleteMessageBatchRequest, Partial<sdk.DeleteMessageBatchResult>>;
  changeMessageVisibilityBatch: Call<
    sdk.ChangeMessageVisibilityBatchRequest,
    Partial<sdk.ChangeMessageVisibilityBatchResult>
  >;
}

/** What moving a whole queue needs. */
export interface MoveCalls {
  getQueueAttributes: Call<sdk.GetQueueAttributesRequest, sdk.GetQueueAttributesResult>;
  startMessageMoveTask: Call<sdk.StartMessageMoveTaskRequest, sdk.StartMessageMoveTaskResult>;
  listMessageMoveTasks: Call<sdk.ListMessageMoveTasksRequest, sdk.ListMessageMoveTasksResult>;
  cancelMessageMoveTask: Call<sdk.CancelMessageMoveTaskRequest, sdk.CancelMessageMoveTaskResult>;
}

type Call<Input, Output> = (input: Input) => Promise<Output>;

/** Loads the AWS SDK only now: `--help` and mistakes need not wait for it. */
export async function sqsOf({ clientConfig }: Target): Promise<Sqs> {
  const { SQS } = await import('@aws-sdk/client-sqs');
  return new SQS(clientConfig);
}
