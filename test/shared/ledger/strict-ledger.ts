import type { Ledger, Transaction } from '#shared/ledger/ledger.ts';

const rehearsal = new Error('rehearsal');

/**
 * A ledger that holds its callers to what the port says of `work`: it is run twice, the first time for nothing, and a read
 * after a write is an error.
 */
export const strict = (ledger: Ledger): Ledger => ({
  ...ledger,
  async transaction(work) {
    await ledger
      .transaction(async (tx) => {
        await work(readsFirst(tx));
        throw rehearsal;
      })
      .catch((error: unknown) => {
        if (error !== rehearsal) throw error;
      });
    return ledger.transaction((tx) => work(readsFirst(tx)));
  },
});

function readsFirst(tx: Transaction): Transaction {
  let wrote = false;
  const check = (what: string): void => {
    if (wrote) throw new Error(`${what} is read after a write: Firestore refuses that`);
  };
  return {
    async get(collection, id) {
      check(`${collection}/${id}`);
      return tx.get(collection, id);
    },
    async list(collection, where, limit) {
      check(collection);
      return tx.list(collection, where, limit);
    },
    async put(collection, id, document) {
      wrote = true;
      return tx.put(collection, id, document);
    },
  };
}
