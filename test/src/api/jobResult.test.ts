import { describe, expect, test } from '@jest/globals';
import { attachment } from '../../../src/api/fileLinks.ts';
import type { JobStatus } from '../../../src/job/jobStatus.ts';
import { apiFixture, problemIn, scheduled } from './apiFixture.ts';

async function resultOf(change: object): Promise<{ response: Response; jobId: string }> {
  const api = apiFixture();
  const jobId = await scheduled(api);
  const text = JSON.stringify(change).replaceAll('<jobId>', jobId);
  api.store.change(jobId, JSON.parse(text) as Partial<JobStatus>);
  return { response: await api.request(`/jobs/${jobId}/result`), jobId };
}

function file(key: string): object {
  return { file: { key, name: 'Report.pdf', contentType: 'application/pdf', bytes: 10 } };
}

describe('a result', () => {
  test.each([[{ sum: 3 }], ['text'], [0], [false], [null], [[]]])(
    'that is the value %j is given as JSON',
    async (result) => {
      const { response } = await resultOf({ state: 'succeeded', result });
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('application/json');
      expect(await response.json()).toEqual(result);
    },
  );

  test('of a job that returns nothing is 204', async () => {
    const { response } = await resultOf({ state: 'succeeded' });
    expect([response.status, await response.text()]).toEqual([204, '']);
  });

  test('that is a file is at a presigned URL', async () => {
    const { response, jobId } = await resultOf({
      state: 'succeeded',
      result: file('results/GreetingJob/<jobId>/Report.pdf'),
    });
    expect(response.status).toBe(303);
    const location = `https://files.test/results/GreetingJob/${jobId}/Report.pdf?Report.pdf`;
    expect(response.headers.get('location')).toBe(location);
  });

  test('that is too large for the status is at a presigned URL, without a name', async () => {
    const { response } = await resultOf({
      state: 'succeeded',
      resultKey: 'results/GreetingJob/<jobId>.json',
    });
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toMatch(/\.json\?undefined$/);
  });

  test.each([
    'results/GreetingJob/another/x.pdf',
    'results/OtherJob/<jobId>/x.pdf',
    'uploads/x',
    'payloads/GreetingJob/<jobId>.json',
  ])('that only looks like the file %s is a value: no other job’s file is handed out', async (key) => {
    const { response, jobId } = await resultOf({ state: 'succeeded', result: file(key) });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(file(key.replace('<jobId>', jobId)));
  });

  test('whose file has expired is gone', async () => {
    const { response } = await resultOf({
      state: 'succeeded',
      result: file('results/GreetingJob/<jobId>/expired.pdf'),
    });
    expect(response.status).toBe(410);
    expect(await problemIn(response)).toMatchObject({ type: '/problems/result-gone' });
  });

  test.each(['queued', 'running', 'retrying'])('of a job that is %s is not there yet', async (state) => {
    const { response } = await resultOf({ state });
    expect(response.status).toBe(409);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await problemIn(response)).toMatchObject({ type: '/problems/not-ended', state });
  });

  test('of a dead job is the reason', async () => {
    const reason = { name: 'TypeError', message: 'no friends' };
    const { response } = await resultOf({ state: 'dead', reason });
    expect(response.status).toBe(410);
    expect(response.headers.get('retry-after')).toBeNull();
    const detail = 'The job failed for good: TypeError: no friends';
    expect(await problemIn(response)).toMatchObject({ type: '/problems/dead', reason, detail });
  });

  test('of a cancelled job will not come', async () => {
    const { response } = await resultOf({ state: 'cancelled' });
    expect(response.status).toBe(410);
    expect(await problemIn(response)).toMatchObject({ type: '/problems/cancelled' });
  });
});

describe('a download’s name', () => {
  test.each([
    ['Report.pdf', `attachment; filename="Report.pdf"; filename*=UTF-8''Report.pdf`],
    ['Bücher 100%.pdf', `attachment; filename="B_cher 100_.pdf"; filename*=UTF-8''B%C3%BCcher%20100%25.pdf`],
    [`a"b\\c/d.pdf`, `attachment; filename="a_b_c_d.pdf"; filename*=UTF-8''a%22b_c_d.pdf`],
    [
      `x\r\nSet-Cookie: a=b`,
      `attachment; filename="x__Set-Cookie: a=b"; filename*=UTF-8''x__Set-Cookie%3A%20a%3Db`,
    ],
    [`it's (1)*.pdf`, `attachment; filename="it's (1)*.pdf"; filename*=UTF-8''it%27s%20%281%29%2A.pdf`],
    ['gnp.\u202Exe', `attachment; filename="gnp._xe"; filename*=UTF-8''gnp._xe`],
    ['\ud800', `attachment; filename="_"; filename*=UTF-8''%EF%BF%BD`],
  ])('%j cannot break out of its header', (name, header) => {
    expect(attachment(name)).toBe(header);
  });
});
