import type { Fault } from '#shared/domain/fault.ts';
import type { LookUps, SqlInstance, Subnetwork, VpcConnector } from '#shared/ports/look-ups.ts';

export interface FakeLookUps extends LookUps {
  /** APIs that are off. */
  off: Set<string>;
  /** `PRINCIPAL PERMISSION`, the caller being `me`: not granted. Everything else is. */
  denied: Set<string>;
  /** The same: Google does not tell. */
  hidden: Set<string>;
  accounts: Map<string, { disabled: boolean } | undefined>;
  /** By `PROJECT:NAME`. */
  instances: Map<string, SqlInstance>;
  connectors: Map<string, VpcConnector>;
  subnetworks: Map<string, Subnetwork>;
  /** What the named port ends with instead of an answer. */
  faults: Map<keyof LookUps, Fault>;
}

/** A project in which everything is granted, and nothing is there but service accounts. */
export function createFakeLookUps(): FakeLookUps {
  const fake: FakeLookUps = {
    off: new Set(),
    denied: new Set(),
    hidden: new Set(),
    accounts: new Map(),
    instances: new Map(),
    connectors: new Map(),
    subnetworks: new Map(),
    faults: new Map(),
    serviceUsage: {
      enabled: (_project, apis) =>
        answer('serviceUsage', {
          on: apis.filter((api) => !fake.off.has(api)),
          projectNumber: '434343434343',
        }),
    },
    iam: {
      mine: (_resource, permissions) =>
        answer(
          'iam',
          permissions.filter((permission) => !fake.denied.has(`me ${permission}`)),
        ),
      granted: (principal, _resource, permission) => {
        const who = `${principal} ${permission}`;
        return answer('iam', fake.denied.has(who) ? 'no' : fake.hidden.has(who) ? 'unknown' : 'yes');
      },
      serviceAccount: (email) =>
        answer('iam', fake.accounts.has(email) ? fake.accounts.get(email) : { disabled: false }),
    },
    cloudSql: { instance: (project, name) => answer('cloudSql', fake.instances.get(`${project}:${name}`)) },
    network: {
      connector: (name) => answer('network', fake.connectors.get(name)),
      subnetwork: (name) => answer('network', fake.subnetworks.get(name)),
    },
  };
  async function answer<T>(port: keyof LookUps, value: T): Promise<T> {
    const fault = fake.faults.get(port);
    if (fault) throw fault;
    return value;
  }
  return fake;
}
