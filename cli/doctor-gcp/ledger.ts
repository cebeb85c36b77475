import { z } from 'zod';
import { difference, grouped, settle, single, type Finding, type Item } from './finding.ts';
import { apply, type Scene } from './scene.ts';

/** https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases */
const Database = z.object({
  type: z.string(),
  locationId: z.string(),
  concurrencyMode: z.string().optional(),
  pointInTimeRecoveryEnablement: z.string().optional(),
  deleteProtectionState: z.string().optional(),
});

const Index = z.object({
  /** `projects/P/databases/D/collectionGroups/COLLECTION/indexes/ID` */
  name: z.string(),
  queryScope: z.string().optional(),
  fields: z.array(z.looseObject({ fieldPath: z.string(), order: z.string().optional() })).default([]),
  state: z.string().default('not said'),
});

const Field = z.object({
  /** `projects/P/databases/D/collectionGroups/COLLECTION/fields/FIELD` */
  name: z.string(),
  indexConfig: z
    .looseObject({
      indexes: z.array(z.unknown()).default([]),
      usesAncestorConfig: z.boolean().default(false),
    })
    .optional(),
  ttlConfig: z.looseObject({ state: z.string().default('not said') }).optional(),
});

/** The ledger: its database, and the indexes without which Firestore answers no query. */
export async function judgeLedger({ google, place, checkout }: Scene): Promise<Finding[]> {
  const { project, ledger, ledgerLocation } = place;
  const { indexes, collections, expiring } = checkout.indexes;
  const host = 'firestore.googleapis.com';
  const path = `v1/projects/${project}/databases/${ledger}`;
  const [database, composite, fields] = await Promise.all([
    google.find(Database, { host, path, permission: 'datastore.databases.getMetadata' }),
    // Without a page size: for all collections at once Firestore takes none.
    google.list(Index, {
      host,
      path: `${path}/collectionGroups/-/indexes`,
      items: 'indexes',
      permission: 'datastore.indexes.list',
    }),
    google.list(Field, {
      host,
      path: `${path}/collectionGroups/-/fields`,
      query: { filter: 'indexConfig.usesAncestorConfig:false OR ttlConfig:*' },
      items: 'fields',
      permission: 'datastore.indexes.list',
    }),
  ]);
  const about = { id: 'ledger', what: `ledger ${ledger}` };
  const gone = 'it is not there: docs/operations.md, The ledger is gone';
  if (database.status === 'missing')
    return single(about, '', { problem: gone, fix: `${apply}; or name it: --ledger DATABASE` });

  const fieldCalled = (collection: string, field: string) =>
    fields.status === 'answered'
      ? fields.value.find(({ name }) => name.endsWith(`/collectionGroups/${collection}/fields/${field}`))
      : undefined;
  const waitFix = `gcloud firestore operations list --database='${ledger}' --project ${project}`;
  return [
    ...settle(about, database, (found) => {
      const fixed = difference([
        ['its type', found.type, 'FIRESTORE_NATIVE'],
        ['its location', found.locationId, ledgerLocation],
      ]);
      if (fixed !== undefined)
        return single(about, '', {
          problem: fixed,
          fix: 'If it is meant so: --ledger-location LOCATION. Neither can be changed: docs/operations.md, The ledger is gone, says how to move',
        });
      const problem = difference([
        ['its delete protection', found.deleteProtectionState, 'DELETE_PROTECTION_ENABLED'],
        ['its point-in-time recovery', found.pointInTimeRecoveryEnablement, 'POINT_IN_TIME_RECOVERY_ENABLED'],
        ['its concurrency', found.concurrencyMode, 'PESSIMISTIC'],
      ]);
      const good = `${found.type} in ${found.locationId}, protected, with point-in-time recovery`;
      return single(about, good, { problem, fix: apply });
    }),
    ...settle({ id: 'indexes', what: 'indexes' }, composite, (found) =>
      grouped(
        { id: 'indexes', what: 'indexes' },
        indexes.map(({ collection, field }): Item => {
          const index = found.find(
            ({ name, queryScope, fields: [first, second] }) =>
              name.includes(`/collectionGroups/${collection}/indexes/`) &&
              queryScope === 'COLLECTION' &&
              first?.fieldPath.replaceAll('`', '') === `fields.${field}` &&
              first.order === 'ASCENDING' &&
              second?.fieldPath === 'id' &&
              second.order === 'DESCENDING',
          );
          return { name: `${collection}.${field}`, ...stateOf(index?.state, 'READY', waitFix) };
        }),
        'READY',
      ),
    ),
    ...settle({ id: 'expiry', what: 'expiry' }, fields, () =>
      grouped(
        { id: 'expiry', what: 'expiry' },
        expiring.map((collection): Item => ({
          name: `${collection}.expireAt`,
          ...stateOf(fieldCalled(collection, 'expireAt')?.ttlConfig?.state, 'ACTIVE', waitFix),
        })),
        'ACTIVE',
      ),
    ),
    ...settle({ id: 'unindexed', what: 'fields without an index' }, fields, () =>
      grouped(
        { id: 'unindexed', what: 'fields without an index' },
        collections.map((collection): Item => {
          const config = fieldCalled(collection, 'json')?.indexConfig;
          const isExempt = config !== undefined && config.indexes.length === 0 && !config.usesAncestorConfig;
          return {
            name: `${collection}.json`,
            problem: isExempt ? undefined : 'it has one: every write of a long text is slower and costs more',
            fix: apply,
          };
        }),
        'exempt',
      ),
    ),
  ];
}

function stateOf(state: string | undefined, wanted: string, waitFix: string): Omit<Item, 'name'> {
  if (state === wanted) return { problem: undefined };
  if (state === undefined) return { problem: 'it is not there', fix: apply };
  return {
    problem: `its state is ${state}, expected ${wanted}`,
    fix: state === 'CREATING' ? waitFix : apply,
  };
}
