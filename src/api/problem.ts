/**
 * Why a request is refused. A route throws it, and the answer is its problem details (RFC 9457). Any other error
 * becomes an `internal-error`, which does not tell its cause.
 */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly kind: ProblemKind;
  readonly #members: Readonly<Record<string, unknown>>;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(
    kind: ProblemKind,
    detail: string,
    {
      headers = {},
      cause,
      ...members
    }: { readonly headers?: Readonly<Record<string, string>>; readonly cause?: unknown } & Readonly<
      Record<string, unknown>
    > = {},
  ) {
    super(detail, cause === undefined ? {} : { cause });
    this.kind = kind;
    this.#members = members;
    this.#headers = headers;
  }

  get status(): number {
    return problemKinds[this.kind].status;
  }

  /** @param instance the path of the request */
  response(instance: string): Response {
    const { status, title } = problemKinds[this.kind];
    const type = `/problems/${this.kind}`;
    const body = { type, title, status, detail: this.message, instance, ...this.#members };
    return new Response(JSON.stringify(body), {
      status,
      headers: { 'content-type': problemType, ...this.#headers },
    });
  }
}

export type ProblemKind = keyof typeof problemKinds;

/** RFC 9457's content type. */
export const problemType = 'application/problem+json';

/**
 * Every kind of problem. Its `type` is `/problems/<kind>`, which is a name to compare with, not the address of a page.
 */
export const problemKinds = {
  'malformed-json': { status: 400, title: 'The body is no JSON' },
  'malformed-job-id': { status: 400, title: 'No job can have that ID' },
  'malformed-idempotency-key': { status: 400, title: 'The Idempotency-Key cannot be used' },
  'invalid-parameters': { status: 400, title: 'Parameters of the query are wrong' },
  'no-credentials': { status: 401, title: 'It is not known who asks' },
  'no-subject': { status: 403, title: 'The token names no subject' },
  'not-found': { status: 404, title: 'There is nothing at this address' },
  'unknown-job': { status: 404, title: 'There is no such job' },
  'unknown-job-id': { status: 404, title: 'No job with this ID is known' },
  'no-uploads': { status: 404, title: 'The job takes no uploads' },
  'method-not-allowed': { status: 405, title: 'The method is not allowed here' },
  'idempotency-key-reused': { status: 409, title: 'The Idempotency-Key was used with another body' },
  'not-ended': { status: 409, title: 'The job has not ended yet' },
  'already-ended': { status: 409, title: 'The job has ended already' },
  dead: { status: 410, title: 'The job failed for good' },
  cancelled: { status: 410, title: 'The job was cancelled' },
  'result-gone': { status: 410, title: 'The result is not kept any more' },
  'too-large': { status: 413, title: 'It is too large' },
  'unsupported-content-type': { status: 415, title: 'The content type is not taken' },
  'invalid-body': { status: 422, title: 'The body does not fit' },
  'internal-error': { status: 500, title: 'The API failed' },
  unavailable: { status: 503, title: 'A service behind the API is unavailable' },
} as const satisfies Record<string, { readonly status: number; readonly title: string }>;
