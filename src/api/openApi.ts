import type { Handler } from 'hono';
import * as z from 'zod/mini';
import type { ApiJob } from './apiJob.ts';
import type { ApiAuth, ApiEnv } from './caller.ts';
import { pageSizes } from './listJobs.ts';
import { type ProblemKind, problemKinds, problemType } from './problem.ts';
import { namedSchemas } from './schemas.ts';

/** `GET /openapi.json`: the document is made at the first request, of the schemas by which payloads are checked. */
export function openApi(parts: {
  readonly jobs: readonly ApiJob[];
  readonly auth: ApiAuth;
}): Handler<ApiEnv> {
  let text: string | undefined;
  return (c) => {
    text ??= JSON.stringify(openApiDocument(parts));
    return c.body(text, 200, { 'content-type': 'application/json', 'cache-control': 'private, no-cache' });
  };
}

/** The API as an OpenAPI 3.1 document. */
export function openApiDocument({ jobs, auth }: { jobs: readonly ApiJob[]; auth: ApiAuth }): object {
  return {
    openapi: '3.1.1',
    info: {
      title: 'Jobs',
      version: '1',
      description: 'Schedules background jobs, and tells what becomes of them.',
    },
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    security: [{ [auth]: [] }],
    paths: {
      ...Object.fromEntries(jobs.map((job) => [`/jobs/${job.name}`, { post: scheduling(job) }])),
      ...Object.fromEntries(
        jobs.flatMap((job) => (job.uploads ? [[`/jobs/${job.name}/uploads`, { post: uploading(job) }]] : [])),
      ),
      '/jobs': { get: listing(jobs) },
      '/jobs/{jobId}': { parameters: [jobId], get: reading(), delete: cancelling() },
      '/jobs/{jobId}/events': { parameters: [jobId], get: following() },
      '/jobs/{jobId}/result': { parameters: [jobId], get: result() },
    },
    components: {
      schemas: { ...ownSchemas(), ...Object.fromEntries(jobs.map(payloadSchema)) },
      securitySchemes: { [auth]: securitySchemes[auth] },
    },
  };
}

const securitySchemes = {
  jwt: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
  iam: {
    type: 'apiKey',
    name: 'Authorization',
    in: 'header',
    description: 'AWS Signature Version 4, service lambda.',
    'x-amazon-apigateway-authtype': 'awsSigv4',
  },
};

function scheduling({ name, payloadSchema }: ApiJob): object {
  return {
    operationId: `schedule${name}`,
    summary: `Schedules ${name}`,
    parameters: [idempotencyKey],
    requestBody: body(payloadSchema === undefined ? {} : ref(payloadName(name))),
    responses: {
      202: json('Scheduled, or the same as before by the same Idempotency-Key.', ref('ScheduledJob'), {
        Location: header("The job's status."),
      }),
      ...problems(
        'malformed-json',
        'malformed-idempotency-key',
        'idempotency-key-reused',
        'too-large',
        'unsupported-content-type',
        'invalid-body',
        'unavailable',
      ),
    },
  };
}

/** The schema has the bounds of the upload, so that a page can show them to people who choose a file. */
function uploading({ name, uploads }: ApiJob): object {
  const { properties, ...request } = ownSchemas().UploadRequest as { properties: Record<string, object> };
  const bounded = {
    ...properties,
    contentType: { ...properties.contentType, enum: uploads?.contentTypes },
    bytes: { ...properties.bytes, maximum: uploads?.maxBytes },
  };
  return {
    operationId: `upload${name}`,
    summary: `Where to put a file for ${name}`,
    requestBody: body({ ...request, properties: bounded }),
    responses: {
      201: json('A presigned POST, for 15 minutes.', ref('Upload')),
      ...problems('malformed-json', 'too-large', 'unsupported-content-type', 'invalid-body'),
    },
  };
}

function listing(jobs: readonly ApiJob[]): object {
  const parameter = (name: string, schema: object) => ({ name, in: 'query', schema });
  return {
    operationId: 'listJobs',
    summary: 'Jobs of a name, the newest first',
    parameters: [
      { ...parameter('jobName', { type: 'string', enum: jobs.map(({ name }) => name) }), required: true },
      parameter('status', ref('JobState')),
      parameter('limit', { type: 'integer', minimum: 1, maximum: pageSizes.max, default: pageSizes.default }),
      parameter('cursor', { type: 'string' }),
    ],
    responses: {
      200: json('A page of them.', ref('JobList')),
      ...problems('invalid-parameters', 'unknown-job'),
    },
  };
}

const jobId = {
  name: 'jobId',
  in: 'path',
  required: true,
  schema: { type: 'string', minLength: 1, maxLength: 512 },
};

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  description: 'Chosen by the client: the same job, however often the request is sent.',
  schema: { type: 'string', pattern: '^[!-~]{1,255}$' },
};

function reading(): object {
  return {
    operationId: 'getJob',
    summary: "A job's status",
    parameters: [{ name: 'If-None-Match', in: 'header', schema: { type: 'string' } }],
    responses: {
      200: json('The status.', ref('JobStatus'), {
        ETag: header('Changes with the status.'),
        'Retry-After': header('While the job has not ended: seconds to wait before asking again.'),
      }),
      304: { description: 'Nothing has changed.' },
      ...problems('malformed-job-id', 'unknown-job-id'),
    },
  };
}

function cancelling(): object {
  return {
    operationId: 'cancelJob',
    summary: 'Cancels a job',
    parameters: [
      {
        name: 'jobName',
        in: 'query',
        description:
          'Its name. A back end that gives it also cancels a job of which nothing is known yet: one that was published straight to the topic, and has not begun.',
        schema: { type: 'string' },
      },
    ],
    responses: {
      200: json('It is cancelled.', ref('JobStatus')),
      202: json('It still runs, and was asked to stop.', ref('JobStatus')),
      ...problems('malformed-job-id', 'unknown-job-id', 'unknown-job', 'already-ended'),
    },
  };
}

function following(): object {
  return {
    operationId: 'followJob',
    summary: "A job's status at each change, as server-sent events: status, and end after a terminal state",
    parameters: [{ name: 'Last-Event-ID', in: 'header', schema: { type: 'string' } }],
    responses: {
      200: { description: 'The events.', content: { 'text/event-stream': { schema: { type: 'string' } } } },
      204: { description: 'The client has seen the end, and no more events will come.' },
      ...problems('malformed-job-id', 'unknown-job-id'),
    },
  };
}

function result(): object {
  return {
    operationId: 'getResult',
    summary: 'What the job returned',
    responses: {
      200: json('The value.', {}),
      204: { description: 'The job returned nothing.' },
      303: {
        description: 'A file, or a large value: it is in S3 for 5 minutes.',
        headers: { Location: header('Where.') },
      },
      ...problems('malformed-job-id', 'unknown-job-id', 'not-ended', 'dead', 'cancelled', 'result-gone'),
    },
  };
}

function body(schema: object): object {
  return { required: true, content: { 'application/json': { schema } } };
}

function json(description: string, schema: object, headers?: object): object {
  return { description, content: { 'application/json': { schema } }, ...(headers && { headers }) };
}

function header(description: string): object {
  return { description, schema: { type: 'string' } };
}

/** The problems of a route by their status, with those that every route may answer. */
function problems(...kinds: readonly ProblemKind[]): object {
  const everywhere: ProblemKind[] = ['no-credentials', 'internal-error'];
  const byStatus = Map.groupBy([...kinds, ...everywhere], (kind) => problemKinds[kind].status);
  const content = { [problemType]: { schema: ref('Problem') } };
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => {
      const description = group.map((kind) => `/problems/${kind}: ${problemKinds[kind].title}.`).join(' ');
      return [status, { description, content }];
    }),
  );
}

/** A reference to a schema of the document. */
function ref(name: string): object {
  return { $ref: `${schemaPath}${name}` };
}

const schemaPath = '#/components/schemas/';

/** The schemas of the API's own requests and answers. They refer to each other by name. */
function ownSchemas(): Record<string, object> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(namedSchemas)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { io: 'input', uri: (id) => `${schemaPath}${id}` });
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, embedded(schema, '')]));
}

function payloadName(jobName: string): string {
  return `${jobName}Payload`;
}

/** The name and the schema of a job's payload. */
function payloadSchema({ name, payloadSchema: schema = {} }: ApiJob): [string, object] {
  return [payloadName(name), embedded(schema, `${schemaPath}${payloadName(name)}`)];
}

/** A schema as a part of the OpenAPI document: references to its own parts must start at the document's root. */
function embedded(schema: object, root: string): object {
  const { $schema: _, $id, ...rest } = schema as Record<string, unknown>;
  return moved(rest, root) as object;
}

function moved(value: unknown, root: string): unknown {
  if (Array.isArray(value)) return value.map((one) => moved(one, root));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) =>
      key === '$ref' && typeof one === 'string' && one.startsWith('#') && !one.startsWith(schemaPath)
        ? [key, `${root}${one.slice(1)}`]
        : [key, moved(one, root)],
    ),
  );
}
