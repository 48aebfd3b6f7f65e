import type * as sdk from '@aws-sdk/client-sqs';

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
