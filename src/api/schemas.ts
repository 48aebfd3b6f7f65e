import * as z from 'zod/mini';
import { type JobState, jobStates } from '../job/jobStatus.ts';

const instant = z.string().check(z.meta({ format: 'date-time', description: 'An instant in UTC.' }));
const jobId = z.string().check(z.minLength(1), z.maxLength(512));

const jobState = z.enum(jobStates as [JobState, ...JobState[]]);

const failureReason = z.object({
  name: z.string().check(z.meta({ description: "The error's class, such as TypeError." })),
  message: z.string(),
});

const statusLinks = z.object({
  self: z.string(),
  events: z.string(),
  result: z.optional(z.string().check(z.meta({ description: 'Of a job that succeeded.' }))),
});

const jobStatusSchema = z.object({
  jobId,
  jobName: z.string(),
  state: jobState,
  attempt: z.optional(z.int().check(z.minimum(1))),
  maxAttempts: z.optional(z.int().check(z.minimum(1))),
  progress: z.optional(
    z.object({
      fraction: z.number().check(z.minimum(0), z.maximum(1)),
      text: z.optional(z.string()),
      at: instant,
    }),
  ),
  result: z.optional(z.unknown()),
  reason: z.optional(failureReason),
  nextAttemptAt: z.optional(instant),
  isCancelRequested: z.optional(z.boolean()),
  owner: z.optional(z.string()),
  createdAt: instant,
  startedAt: z.optional(instant),
  updatedAt: instant,
  endedAt: z.optional(instant),
  expiresAt: instant,
  history: z.array(
    z.object({
      state: jobState,
      at: instant,
      attempt: z.optional(z.int()),
      reason: z.optional(failureReason),
    }),
  ),
  links: statusLinks,
});

const scheduledJobSchema = z.object({
  jobId,
  jobName: z.string(),
  state: jobState,
  links: statusLinks,
});

const jobListSchema = z.object({
  jobs: z.array(jobStatusSchema),
  cursor: z.optional(z.string().check(z.meta({ description: 'Of the next page; absent on the last one.' }))),
  links: z.object({ next: z.optional(z.string()) }),
});

export const uploadRequestSchema = z.strictObject({
  name: z.string().check(z.minLength(1), z.meta({ description: "The file's name, without its path." })),
  contentType: z.string(),
  bytes: z.int().check(z.minimum(1), z.meta({ description: "The file's size." })),
});

const uploadSchema = z.object({
  upload: z.string().check(z.meta({ description: "The file's key, for the job's payload." })),
  url: z
    .url()
    .check(z.meta({ description: 'Where to POST the fields and then the file, as multipart/form-data.' })),
  fields: z.record(z.string(), z.string()),
  expiresAt: instant,
});

const problemSchema = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string(),
  errors: z.optional(
    z.array(
      z.looseObject({
        path: z.optional(z.string().check(z.meta({ description: 'A JSON Pointer into the body.' }))),
        parameter: z.optional(z.string()),
        message: z.string(),
      }),
    ),
  ),
});

/**
 * The schemas of the API's requests and answers, by name. The OpenAPI document is made of them, and tests check real
 * answers by them. In operation, answers are not checked.
 */
export const namedSchemas = {
  JobState: jobState,
  FailureReason: failureReason,
  JobStatus: jobStatusSchema,
  ScheduledJob: scheduledJobSchema,
  JobList: jobListSchema,
  UploadRequest: uploadRequestSchema,
  Upload: uploadSchema,
  Problem: problemSchema,
};
