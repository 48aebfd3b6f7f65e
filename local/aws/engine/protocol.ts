import type { buildApp } from 'fauxqs';
import { isForScheduler, sendSchedulerError } from './scheduler.ts';

export type App = ReturnType<typeof buildApp>;
export type Request = Parameters<Parameters<App['setErrorHandler']>[0]>[1];
export type Reply = Parameters<Parameters<App['setErrorHandler']>[0]>[2];

/** Answers in the protocol of the request. */
export function sendError(
  request: Request,
  reply: Reply,
  { status, code, message }: { status: number; code: string; message: string },
): void {
  if (isForScheduler(request.headers)) {
    sendSchedulerError(reply, { status, code, message });
    return;
  }
  reply.status(status);
  if (sqsAction(request.headers)) {
    reply.header('x-amzn-query-error', `${code};${status < 500 ? 'Sender' : 'Receiver'}`);
    reply.type('application/x-amz-json-1.0').send({ __type: `com.amazonaws.sqs#${code}`, message });
    return;
  }
  const text = message.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const error = `<Error><Code>${code}</Code><Message>${text}</Message></Error>`;
  reply.type('text/xml').send(request.url === '/' ? `<ErrorResponse>${error}</ErrorResponse>` : error);
}

/** The SQS action a request asks for; undefined when it is not for SQS. */
export function sqsAction(headers: Record<string, string | string[] | undefined>): string | undefined {
  const target = headers['x-amz-target'];
  return typeof target === 'string' ? target.replace('AmazonSQS.', '') : undefined;
}
