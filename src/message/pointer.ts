/**
 * Stands in a message for a payload that is in S3. It has the format of Amazon's extended client libraries for SNS and
 * SQS, so that their publishers in Java and Python can be used too.
 * @see https://github.com/awslabs/payload-offloading-java-common-lib-for-aws
 */
export type Pointer = readonly [pointerClass: string, place: PointerPlace];

export interface PointerPlace {
  readonly s3BucketName: string;
  readonly s3Key: string;
}

/** The first element of every pointer: the name of a Java class. */
const pointerClass = 'software.amazon.payloadoffloading.PayloadS3Pointer';

/** Whether a payload has the form of a pointer. Its second element is not checked. */
export function isPointer(payload: unknown): payload is readonly unknown[] {
  return Array.isArray(payload) && payload[0] === pointerClass;
}

export function pointerTo(s3BucketName: string, s3Key: string): Pointer {
  return [pointerClass, { s3BucketName, s3Key }];
}

/**
 * Whether a key can be of a job's payload: it must be right below the job's own prefix, which the job's role may read.
 */
export function isPayloadKey(key: unknown, jobName: string): key is string {
  return new RegExp(`^payloads/${jobName}/[\\w%-][\\w%.-]*$`).test(key as string);
}
