import { enableCompileCache } from 'node:module';

/** Does nothing, by the same loader as what is started: Node strips its types and keeps what it compiled. */
enableCompileCache();
