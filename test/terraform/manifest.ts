import targets from '#functions/targets.json' with { type: 'json' };

export interface Capability {
  on: string;
  when?: string;
  under?: string;
  role?: string;
  permissions?: string[];
}

export interface InstalledTarget {
  name: string;
  kind: string;
  topic?: string;
  when?: string;
  access?: string;
  concurrency?: number;
  may: Record<string, string>;
  publishes: Record<string, string>;
  secrets?: Record<string, string>;
}

/** `functions/targets.json` as Terraform reads it. */
export const manifest = {
  ...targets,
  capabilities: targets.capabilities as Record<string, Capability>,
  secrets: targets.secrets as Record<string, { id: string; when: string }>,
  targets: targets.targets as unknown as InstalledTarget[],
};
