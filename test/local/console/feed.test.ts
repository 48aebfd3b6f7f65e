import { expect, test } from '@jest/globals';
import { startFeed } from '../../../local/console/feed.ts';
import { until } from '../aws/lambda/processes.ts';
import { standInPlatform } from './platform.ts';

test('goes on for the pages that are left when one leaves', async () => {
  const platform = standInPlatform();
  const feed = await startFeed(platform, 5);
  const leaves = [feed.watch(), feed.watch()];
  leaves[0]?.();
  expect(feed.watchers).toBe(1);
  platform.log('after it has left');
  const begun = platform.snapshots;
  await until(() => platform.snapshots >= begun + 3); // one may have been under way
  expect(feed.read({ viewVersion: 0, line: 0 }).lines.map(({ text }) => text)).toEqual(['after it has left']);
  leaves[1]?.();
  feed.stop();
});
