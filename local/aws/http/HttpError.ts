import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** An answer that is none of the function's: thrown anywhere while a request is served. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;
  /** JSON, or text as it is. */
  readonly content: object | string;
  readonly headers: OutgoingHttpHeaders;

  constructor(status: number, content: object | string, headers: OutgoingHttpHeaders = {}) {
    super(typeof content === 'string' ? content : JSON.stringify(content));
    this.status = status;
    this.content = content;
    this.headers = headers;
  }
}

/** Answers as the error says; breaks the connection where another answer has begun. */
export function answerError(
  { status, content, headers, message }: HttpError,
  response: ServerResponse,
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const type = typeof content === 'string' ? 'text/plain; charset=utf-8' : 'application/json';
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(message),
    ...headers,
  });
  response.end(message);
}
