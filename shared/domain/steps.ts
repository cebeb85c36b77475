/** The steps of a deployment, by name. Their order is known to `workflows/deploy.yaml` alone; this list is for types and tables. */
export const stepNames = [
  'preflight',
  'build',
  'push',
  'deploy',
  'health-probe',
  'validate',
  'shift-traffic',
  'rollback',
  'report',
] as const;

export type StepName = (typeof stepNames)[number];
