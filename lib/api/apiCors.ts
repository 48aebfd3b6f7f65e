import { Duration } from 'aws-cdk-lib/core';

/** What a website's pages may send to the API and read of its answers. */
export const apiCors = {
  methods: ['GET', 'POST', 'DELETE'],
  requestHeaders: [
    'accept',
    'authorization',
    'content-type',
    'idempotency-key',
    'if-none-match',
    'last-event-id',
    // Of a signed request, which a function URL wants.
    'x-amz-content-sha256',
    'x-amz-date',
    'x-amz-security-token',
  ],
  responseHeaders: ['content-disposition', 'etag', 'location', 'retry-after'],
  /** How long a browser need not ask again. */
  maxAge: Duration.hours(1),
} as const;
