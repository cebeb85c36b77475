import { openFirestoreLedger } from '#shared/ledger/firestore.ts';
import type { Ledger } from '#shared/ledger/ledger.ts';

/** For the contract and its other processes: one argument, and patience, because the emulator settles conflicts in 2 s each. */
export const openFirestore = (project: string): Ledger =>
  openFirestoreLedger({ project, database: '(default)', longestWaitMs: 60_000 });
