/**
 * The jobs that this browser started. The list is a convenience, so a full or forbidden storage is ignored.
 * @typedef {{ id: string, job: string, name: string, at: string, state?: string }} RecentJob
 */

const key = 'recentJobs';

/** The jobs, the newest first. @returns {RecentJob[]} */
export function recentJobs() {
  try {
    const jobs = JSON.parse(localStorage.getItem(key) ?? '[]');
    return jobs.filter((/** @type {RecentJob} */ job) => typeof job.id === 'string');
  } catch {
    return [];
  }
}

/** Adds a job, or updates it. @param {Partial<RecentJob> & { id: string }} job */
export function remember(job) {
  const known = recentJobs();
  const old = known.find(({ id }) => id === job.id);
  const others = known.filter(({ id }) => id !== job.id);
  const jobs = old ? known.map((one) => (one === old ? { ...old, ...job } : one)) : [job, ...others];
  keep(jobs.slice(0, 10));
}

/** @param {string} id */
export function forget(id) {
  keep(recentJobs().filter((job) => job.id !== id));
}

/** @param {unknown[]} jobs */
function keep(jobs) {
  try {
    localStorage.setItem(key, JSON.stringify(jobs));
  } catch {}
}
