import assert from 'node:assert/strict';
import { check, describe } from '../checks.ts';
import { world } from '../world.ts';

describe('an idempotent job', () => {
  check('runs once when a duplicate comes after it has ended', async () => {
    await world().publish('OnceJob', { order: 'A1' });
    await world().untilRuns('A1', 1);
    await world().untilDepth('jobs-dev-OnceJob', 0);
    await world().publish('OnceJob', { order: 'A1' });
    await world().untilDepth('jobs-dev-OnceJob', 0);
    assert.equal((await world().runs('A1')).length, 1);
  });

  check('runs once when its twin comes while it runs, and the twin waits for its end', async () => {
    await world().publish('OnceJob', { order: 'B2', lastsMs: 2_500 });
    await world().untilRuns('B2', 1);
    await world().publish('OnceJob', { order: 'B2', lastsMs: 2_500 });
    await world().untilDepth('jobs-dev-OnceJob', 0, 60_000);
    assert.equal((await world().runs('B2')).length, 1);
    assert.equal(await world().depth('jobs-dev-OnceJob-dead-letters'), 0);
  });

  check('runs for each key', async () => {
    await world().publish('OnceJob', { order: 'C3' });
    await world().publish('OnceJob', { order: 'D4' });
    await world().untilRuns('C3', 1);
    await world().untilRuns('D4', 1);
  });
});
