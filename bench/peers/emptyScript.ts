import { enableCompileCache } from 'node:module';

/** Does nothing, but starts like bin/jobs.ts: Node strips its types and turns its compile cache on. */
enableCompileCache();
