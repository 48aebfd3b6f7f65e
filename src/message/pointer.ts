/**
 * What stands in a message in place of a payload that is in S3, in the format of Amazon's extended client libraries
 * for SNS and SQS, so that their Java and Python publishers can be used too.
 * @see https://github.com/awslabs/payload-offloading-java-common-lib-for-aws
 */
export type Pointer = readonly [pointerClass: string, place: PointerPlace];

export interface PointerPlace {
  readonly s3BucketName: string;
  readonly s3Key: string;
}

/** The first element of every pointer: the Java class that it is an object of. */
const pointerClass = 'software.amazon.payloadoffloading.PayloadS3Pointer';

/** Whether a payload says of itself that it is a pointer. What it points to, if anything, is not looked at. */
export function isPointer(payload: unknown): payload is readonly unknown[] {
  return Array.isArray(payload) && payload[0] === pointerClass;
}

export function pointerTo(s3BucketName: string, s3Key: string): Pointer {
  return [pointerClass, { s3BucketName, s3Key }];
}

/** Whether a job's payload may be there: one name right below the job's own prefix, which its role may read. */
export function isPayloadKey(key: unknown, jobName: string): key is string {
  return new RegExp(`^payloads/${jobName}/[\\w%-][\\w%.-]*$`).test(key as string);
}
