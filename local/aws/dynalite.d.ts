/** dynalite 4 has no types of its own; this is the part that is used. */
declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** An in-memory DynamoDB; tables are active after `createTableMs`. */
  export default function dynalite(options?: {
    createTableMs?: number;
    deleteTableMs?: number;
    updateTableMs?: number;
  }): Server;
}
