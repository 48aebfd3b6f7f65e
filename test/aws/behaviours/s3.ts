import assert from 'node:assert/strict';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
} from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { Aws } from './aws.ts';
import { issues, recorded, refused, rowsOf } from './behaviour.ts';

const { rows, met, unmet } = rowsOf('s3', issues.machine);

export { rows as s3 };

const docs = 'https://docs.aws.amazon.com/AmazonS3/latest';
const api = (action: string) => `${docs}/API/API_${action}.html`;
const forms = `${docs}/API/sigv4-HTTPPOSTConstructPolicy.html`;
const links = `${docs}/userguide/using-presigned-url.html`;

const put = async (aws: Aws, Bucket: string, more: Partial<PutObjectCommandInput> = {}) =>
  aws.s3.send(new PutObjectCommand({ Bucket, Key: 'a/b.txt', Body: '0123456789', ...more }));
const stored = async (aws: Aws, more: Partial<PutObjectCommandInput> = {}) => {
  const Bucket = await aws.bucket();
  await put(aws, Bucket, more);
  return { Bucket, Key: 'a/b.txt' };
};

/** A form for text/plain of 5 to 10 bytes, and its answer to this file. */
async function post(
  aws: Aws,
  {
    file = '12345',
    type = 'text/plain',
    key = 'file.txt',
    more = {} as Record<string, string>,
    fields = {} as Record<string, string>,
  } = {},
) {
  const Bucket = await aws.bucket();
  const made = await createPresignedPost(aws.s3, {
    Bucket,
    Key: 'up/file.txt',
    Conditions: [
      ['content-length-range', 5, 10],
      ['eq', '$Content-Type', 'text/plain'],
      ...(more.success_action_status ? [{ success_action_status: '201' }] : []),
    ],
    Fields: { 'Content-Type': 'text/plain', ...more },
    Expires: 60,
  });
  const form = new FormData();
  for (const [name, value] of Object.entries({ ...made.fields, 'Content-Type': type, ...fields }))
    form.append(name, value);
  form.append('file', new Blob([file]), key);
  return { Bucket, answer: await fetch(made.url, { method: 'POST', body: form }) };
}

met('An object comes back with its type, its metadata and its ETag', api('GetObject'), async (aws) => {
  const object = await stored(aws, { ContentType: 'text/plain', Metadata: { job: 'A' } });
  const { Body, ContentType, Metadata, ETag, ContentLength } = await aws.s3.send(
    new GetObjectCommand(object),
  );
  assert.deepEqual(
    [await Body?.transformToString(), ContentType, Metadata, ContentLength],
    ['0123456789', 'text/plain', { job: 'A' }, 10],
  );
  assert.equal(ETag, '"781e5e245d69b566979b86e28d23f2c7"');
});
unmet('An object without a type is binary/octet-stream', recorded, async (aws) => {
  const Bucket = await aws.bucket();
  const url = await getSignedUrl(aws.s3, new PutObjectCommand({ Bucket, Key: 'k' }));
  await fetch(url, { method: 'PUT', body: new Uint8Array([1]) });
  const { ContentType } = await aws.s3.send(new HeadObjectCommand({ Bucket, Key: 'k' }));
  assert.equal(ContentType, 'binary/octet-stream');
});
met('A range answers a part', api('GetObject'), async (aws) => {
  const { Body, ContentRange } = await aws.s3.send(
    new GetObjectCommand({ ...(await stored(aws)), Range: 'bytes=2-4' }),
  );
  assert.deepEqual([await Body?.transformToString(), ContentRange], ['234', 'bytes 2-4/10']);
});
met('A key that is not there is NoSuchKey', api('GetObject'), async (aws) =>
  refused(aws.s3.send(new GetObjectCommand({ Bucket: await aws.bucket(), Key: 'none' })), 'NoSuchKey'),
);
met('HEAD of a key that is not there is NotFound', api('HeadObject'), async (aws) =>
  refused(aws.s3.send(new HeadObjectCommand({ Bucket: await aws.bucket(), Key: 'none' })), 'NotFound'),
);
met('A bucket that does not exist is NoSuchBucket', api('GetObject'), (aws) =>
  refused(aws.s3.send(new GetObjectCommand({ Bucket: aws.name(), Key: 'none' })), 'NoSuchBucket'),
);
met('IfNoneMatch * refuses to overwrite', `${docs}/userguide/conditional-writes.html`, async (aws) => {
  const { Bucket } = await stored(aws, { IfNoneMatch: '*' });
  await refused(put(aws, Bucket, { IfNoneMatch: '*' }), 'PreconditionFailed');
});
met('An object that is not there may be deleted', api('DeleteObject'), async (aws) => {
  await aws.s3.send(new DeleteObjectCommand({ Bucket: await aws.bucket(), Key: 'none' }));
});
met('Objects are listed by the beginning of their key', api('ListObjectsV2'), async (aws) => {
  const { Bucket } = await stored(aws);
  await put(aws, Bucket, { Key: 'other' });
  const { Contents } = await aws.s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'a/' }));
  assert.deepEqual(
    Contents?.map(({ Key }) => Key),
    ['a/b.txt'],
  );
});
met('A link lets anybody download until it expires', links, async (aws) => {
  const url = await getSignedUrl(aws.s3, new GetObjectCommand(await stored(aws)), { expiresIn: 60 });
  assert.equal(await (await fetch(url)).text(), '0123456789');
});
met('A link says under which name the file is stored', api('GetObject'), async (aws) => {
  const disposition = 'attachment; filename="c.txt"';
  const request = new GetObjectCommand({ ...(await stored(aws)), ResponseContentDisposition: disposition });
  const answer = await fetch(await getSignedUrl(aws.s3, request, { expiresIn: 60 }));
  assert.equal(answer.headers.get('content-disposition'), disposition);
});
met('A link that has expired is refused', links, async (aws) => {
  const signingDate = new Date(Date.now() - 120_000);
  const url = await getSignedUrl(aws.s3, new GetObjectCommand(await stored(aws)), {
    expiresIn: 60,
    signingDate,
  });
  assert.equal((await fetch(url)).status, 403);
});
met('A form takes a file of the size and type that it allows', forms, async (aws) => {
  const { answer, Bucket } = await post(aws);
  assert.equal(answer.status, 204);
  const { ContentType } = await aws.s3.send(new HeadObjectCommand({ Bucket, Key: 'up/file.txt' }));
  assert.equal(ContentType, 'text/plain');
});
met('A form refuses a file that is too large: EntityTooLarge', forms, async (aws) => {
  const { answer } = await post(aws, { file: '12345678901' });
  assert.equal(answer.status, 400);
  assert.match(await answer.text(), /<Code>EntityTooLarge<\/Code>/);
});
met('A form refuses a file that is too small: EntityTooSmall', forms, async (aws) => {
  const { answer } = await post(aws, { file: '1234' });
  assert.equal(answer.status, 400);
  assert.match(await answer.text(), /<Code>EntityTooSmall<\/Code>/);
});
met('A form refuses another type', forms, async (aws) => {
  const { answer } = await post(aws, { type: 'text/html' });
  assert.equal(answer.status, 403);
  assert.match(await answer.text(), /Policy Condition failed/);
});
met('A form refuses another key', forms, async (aws) => {
  assert.equal((await post(aws, { fields: { key: 'elsewhere' } })).answer.status, 403);
});
met('A form refuses a field that it does not name', forms, async (aws) => {
  assert.equal((await post(aws, { fields: { 'x-amz-meta-a': 'b' } })).answer.status, 403);
});
met(
  'A form answers 201 and where the file is, when that is asked for',
  `${docs}/API/RESTObjectPOST.html`,
  async (aws) => {
    const { answer } = await post(aws, { more: { success_action_status: '201' } });
    assert.equal(answer.status, 201);
    assert.match(await answer.text(), /<Key>up\/file.txt<\/Key>/);
  },
);
unmet('A 201 says where the file is in Location, too', `${docs}/API/RESTObjectPOST.html`, async (aws) => {
  const { answer } = await post(aws, { more: { success_action_status: '201' } });
  assert.match(answer.headers.get('location') ?? '', /up(\/|%2F)file\.txt$/);
});
