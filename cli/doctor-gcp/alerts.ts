import { z } from 'zod';
import { grouped, settle, type Finding, type Item } from './finding.ts';
import { apply, type Scene } from './scene.ts';

/** https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies */
const AlertPolicy = z.object({
  name: z.string(),
  displayName: z.string().default(''),
  enabled: z.boolean().default(true),
});

/** Whether each alert is there and on. */
export async function judgeAlerts({ google, place, checkout }: Scene): Promise<Finding[]> {
  const about = { id: 'alerts', what: 'alerts' };
  const answer = await google.list(AlertPolicy, {
    host: 'monitoring.googleapis.com',
    path: `v3/projects/${place.project}/alertPolicies`,
    items: 'alertPolicies',
    permission: 'monitoring.alertPolicies.list',
  });
  return settle(about, answer, (policies) => {
    const items = checkout.terraform.alerts.map((displayName): Item => {
      const found = policies.find((policy) => policy.displayName === displayName);
      if (found === undefined) return { name: displayName, problem: 'it is not there', fix: apply };
      return {
        name: displayName,
        problem: found.enabled ? undefined : 'it is switched off',
        fix: `gcloud monitoring policies update ${found.name} --enabled`,
      };
    });
    return grouped(about, items, 'there and on');
  });
}
