import assert from 'node:assert/strict';
import { eventually } from '../../local/aws/fixtures/assembly/eventually.ts';
import { check, describe } from '../checks.ts';
import { world } from '../world.ts';

const csv = 'order,total\n7,12\n';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

async function request(params: object): Promise<Answer> {
  const { status, headers, body } = await world().ministack.aws.call('http', 'request', params);
  const lowerCase = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return {
    status,
    headers: Object.fromEntries(lowerCase),
    text: Buffer.from(body, 'base64').toString('latin1'),
  };
}

/** A request to the status API, signed by botocore. */
function api(method: string, path: string, body?: object): Promise<Answer> {
  const url = `${world().outputs.ApiUrl.replace(/\/$/, '')}${path}`;
  return request({ method, url, sign: 'lambda', ...(body && { body: JSON.stringify(body) }) });
}

describe('a tracked job', () => {
  let jobId: string;

  check('takes a file by a form that S3 checks', async () => {
    const asked = await api('POST', '/jobs/DocumentJob/uploads', {
      name: 'orders.csv',
      contentType: 'text/csv',
      bytes: csv.length,
    });
    assert.equal(asked.status, 201, asked.text);
    const { upload, url, fields } = JSON.parse(asked.text);
    const tooLong = await request({ method: 'POST', url, form: fields, file: `${csv}more` });
    assert.equal(tooLong.status, 400, tooLong.text);
    const stored = await request({ method: 'POST', url, form: fields, file: csv });
    assert.ok(stored.status < 300, stored.text);

    const scheduled = await api('POST', '/jobs/DocumentJob', { upload });
    assert.equal(scheduled.status, 202, scheduled.text);
    jobId = JSON.parse(scheduled.text).jobId;
  });

  check('says where it is, to boto3 and to the CLI, until it has succeeded', async () => {
    const status = await eventually('DocumentJob has ended', async () => {
      const { text } = await api('GET', `/jobs/${jobId}`);
      const answer = JSON.parse(text);
      return ['succeeded', 'dead'].includes(answer.state) && answer;
    });
    assert.equal(status.state, 'succeeded', JSON.stringify(status));
    const { exitCode, output } = await world().project.jobs(['status', jobId]);
    assert.equal(exitCode, 0, output);
    assert.match(output, /succeeded/);
  });

  check('hands over its result: a PDF', async () => {
    const { status, headers } = await api('GET', `/jobs/${jobId}/result`);
    assert.equal(status, 303);
    const pdf = await request({ method: 'GET', url: headers.location });
    assert.equal(pdf.status, 200, pdf.text);
    assert.match(pdf.text, /^%PDF-/);
  });

  check('is refused by the API when its payload does not fit', async () => {
    const { status, text } = await api('POST', '/jobs/DocumentJob', { upload: 7 });
    assert.equal(status, 422, text);
  });

  check('is published and waited for by the CLI: dead, as its upload does not exist', async () => {
    const publish = ['publish', 'DocumentJob', '{"upload":"uploads/DocumentJob/none/none.csv"}', '--wait'];
    const { exitCode, output } = await world().project.jobs(publish);
    assert.equal(exitCode, 1, output);
    assert.match(output, /dead/);
  });

  check('is not told to whoever does not sign', async () => {
    const url = `${world().outputs.ApiUrl}jobs/${jobId}`;
    assert.equal((await request({ method: 'GET', url })).status, 403);
  });
});
