/** What is only looked at, before anything is built. */
export interface LookUps {
  serviceUsage: ServiceUsage;
  iam: Iam;
  cloudSql: CloudSql;
  network: Network;
}

export interface ServiceUsage {
  /** Which of these APIs (`run.googleapis.com`) are on in a project, and the project's number. */
  enabled(project: string, apis: readonly string[]): Promise<{ on: string[]; projectNumber: string }>;
}

export interface Iam {
  /**
   * Of these permissions the ones the *caller* has (traps 27).
   * @param resource full resource name: `//run.googleapis.com/projects/P/locations/L/services/S`
   */
  mine(resource: string, permissions: readonly string[]): Promise<string[]>;
  /**
   * Whether somebody else has a permission, by all allow and deny policies that apply; `unknown` when the caller may not
   * see all of them, or a condition decides.
   */
  granted(principal: string, resource: string, permission: string): Promise<'yes' | 'no' | 'unknown'>;
  /** @returns undefined when it does not exist */
  serviceAccount(email: string): Promise<{ disabled: boolean } | undefined>;
}

export interface SqlInstance {
  /** Google's: `RUNNABLE`, `SUSPENDED`, `MAINTENANCE` … */
  state: string;
  /** `NEVER` when it was stopped; it is `RUNNABLE` then all the same. */
  activationPolicy: string | undefined;
  /** `PROJECT:REGION:INSTANCE` */
  connectionName: string;
  region: string;
  /** `POSTGRES_17` */
  databaseVersion: string;
  tier: string | undefined;
  /** The flag `max_connections`; undefined when it is not set and the tier decides. */
  maxConnections: number | undefined;
  sslMode: string | undefined;
  hasPublicIp: boolean;
  /** `projects/P/global/networks/N` */
  privateNetwork: string | undefined;
}

export interface CloudSql {
  /** @returns undefined when it does not exist */
  instance(project: string, name: string): Promise<SqlInstance | undefined>;
}

export interface VpcConnector {
  /** Google's: `READY`, `CREATING`, `DELETING`, `ERROR`, `UPDATING`. */
  state: string;
  network: string | undefined;
  /** Absent when it lives in a subnet that somebody made for it. */
  ipCidrRange: string | undefined;
  minInstances: number | undefined;
  maxInstances: number | undefined;
  /** Mbit/s */
  minThroughput: number | undefined;
  maxThroughput: number | undefined;
}

export interface Subnetwork {
  ipCidrRange: string;
  network: string;
}

export interface Network {
  /** @param name full name: `projects/P/locations/L/connectors/C`. @returns undefined when it does not exist */
  connector(name: string): Promise<VpcConnector | undefined>;
  /** @param name full name: `projects/P/regions/R/subnetworks/S`. @returns undefined when it does not exist */
  subnetwork(name: string): Promise<Subnetwork | undefined>;
}
