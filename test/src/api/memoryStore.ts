import type { JobStatus, StateChange } from '../../../src/job/jobStatus.ts';
import type { StatusStore } from '../../../src/tracking/store.ts';

/** A status store in memory, held to the real one's behaviour by statusStoreContract.test.ts; `change` is a run's part. */
export interface MemoryStore extends StatusStore {
  change(jobId: string, change: Partial<JobStatus>): void;
  readonly size: number;
}

export function memoryStore(now: () => number = Date.now): MemoryStore {
  const records = new Map<string, { status: JobStatus; requestHash?: string }>();
  const looks = new Map<string, number>();
  const instant = () => new Date(now()).toISOString();

  function change(jobId: string, changes: Partial<JobStatus>): JobStatus {
    const record = records.get(jobId);
    if (record === undefined) throw new Error(`no job ${jobId}`);
    const at = instant();
    const { state } = changes;
    const entered: StateChange[] = state === undefined ? [] : [{ state, at }];
    const history = [...record.status.history, ...entered];
    record.status = { ...record.status, updatedAt: at, history, ...changes };
    return record.status;
  }

  return {
    get size() {
      return records.size;
    },
    change,
    async queue({ requestHash, ...job }) {
      const existing = records.get(job.jobId);
      if (existing !== undefined) {
        const { status, requestHash } = existing;
        return { isNew: false, existing: status, ...(requestHash === undefined ? {} : { requestHash }) };
      }
      const at = instant();
      const expiresAt = new Date(now() + 86_400_000).toISOString();
      const history = [{ state: 'queued', at }] as const;
      const status = { ...job, state: 'queued', createdAt: at, updatedAt: at, expiresAt, history } as const;
      records.set(job.jobId, { status, ...(requestHash === undefined ? {} : { requestHash }) });
      return { isNew: true };
    },
    async forget(jobId) {
      if (records.get(jobId)?.status.state === 'queued') records.delete(jobId);
    },
    async get(jobId) {
      return records.get(jobId)?.status;
    },
    async list({ jobName, owner, state, limit = 20, cursor = '0' }) {
      const all = [...records.values()]
        .map(({ status }) => status)
        .reverse()
        .filter((status) => status.jobName === jobName && status.owner === owner);
      const from = Number(cursor);
      const page = all.slice(from, from + limit);
      const jobs = page.filter((status) => state === undefined || status.state === state);
      return from + limit < all.length ? { jobs, cursor: String(from + limit) } : { jobs };
    },
    async cancel(jobId) {
      const status = records.get(jobId)?.status;
      if (status?.state === 'queued' || status?.state === 'retrying') {
        return change(jobId, { state: 'cancelled', endedAt: instant() });
      }
      return status?.state === 'running' ? change(jobId, { isCancelRequested: true }) : status;
    },
    async claimLook(jobName, letters) {
      const isNew = looks.get(jobName) !== letters;
      looks.set(jobName, letters);
      return isNew;
    },
    async dropLook(jobName) {
      looks.delete(jobName);
    },
    async foundDead(jobId, reason) {
      const status = records.get(jobId)?.status;
      if (status === undefined || ['succeeded', 'cancelled', 'dead'].includes(status.state)) return status;
      return change(jobId, { state: 'dead', reason, endedAt: instant() });
    },
  };
}
