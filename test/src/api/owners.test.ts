import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { JobState } from '../../../src/job/jobStatus.ts';
import { type ApiFixture, apiFixture, scheduled, tokenOf } from './apiFixture.ts';

/** Subjects that a careless key would mix up. */
const owners = ['ida', 'Ida', 'ida#', '#ida', 'ida#GreetingJob', 'GreetingJob', 'ida\nhank', ' ida'];

const step = fc.record({
  owner: fc.constantFrom(...owners),
  jobName: fc.constantFrom('GreetingJob', 'AnyJob'),
  key: fc.constantFrom(undefined, 'a', 'b'),
  state: fc.constantFrom<JobState>('queued', 'running', 'succeeded', 'dead', 'cancelled'),
});

describe('two owners', () => {
  test('never see, follow, fetch, cancel or list each other’s jobs', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const api = apiFixture({ auth: 'jwt', streams: false });
        const ownerOf = new Map<string, string>();
        for (const { owner, jobName, key, state } of steps) {
          const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
          const jobId = await scheduled(api, { caller: tokenOf(owner), headers }, jobName);
          expect(ownerOf.get(jobId) ?? owner).toBe(owner);
          ownerOf.set(jobId, owner);
          api.store.change(jobId, { state, result: `${owner}'s` });
        }
        for (const [jobId, owner] of ownerOf) await expectSeenOnlyBy(api, jobId, owner);
        for (const owner of owners) expect(await listed(api, owner)).toEqual(jobsOf(ownerOf, owner));
      }),
      { numRuns: 25 },
    );
  });

  test('do not see a job that belongs to nobody, which a back end does', async () => {
    const byToken = apiFixture({ auth: 'jwt' });
    await byToken.store.queue({ jobId: 'nightly', jobName: 'AnyJob' });
    expect((await byToken.request('/jobs/nightly', { caller: tokenOf('ida') })).status).toBe(404);
    const bySignature = apiFixture({ store: byToken.store });
    expect((await bySignature.request('/jobs/nightly')).status).toBe(200);
  });
});

async function expectSeenOnlyBy(api: ApiFixture, jobId: string, owner: string): Promise<void> {
  const before = await api.store.get(jobId);
  for (const other of owners) {
    const caller = tokenOf(other);
    const statuses = [
      (await api.request(`/jobs/${jobId}`, { caller })).status,
      (await api.request(`/jobs/${jobId}/events`, { caller })).status,
    ];
    expect(statuses).toEqual(other === owner ? [200, 200] : [404, 404]);
    if (other === owner) continue;
    expect((await api.request(`/jobs/${jobId}/result`, { caller })).status).toBe(404);
    expect((await api.request(`/jobs/${jobId}`, { caller, method: 'DELETE' })).status).toBe(404);
  }
  expect(await api.store.get(jobId)).toEqual(before);
}

async function listed(api: ApiFixture, owner: string): Promise<string[]> {
  const found: string[] = [];
  for (const jobName of ['GreetingJob', 'AnyJob']) {
    let next: string | undefined = `/jobs?jobName=${jobName}&limit=2`;
    while (next !== undefined) {
      const page = await (await api.request(next, { caller: tokenOf(owner) })).json();
      const { jobs, links } = page as { jobs: { jobId: string }[]; links: { next?: string } };
      found.push(...jobs.map(({ jobId }) => jobId));
      next = links.next;
    }
  }
  return found.sort();
}

function jobsOf(ownerOf: ReadonlyMap<string, string>, owner: string): string[] {
  return [...ownerOf].flatMap(([jobId, whose]) => (whose === owner ? [jobId] : [])).sort();
}
