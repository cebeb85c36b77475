import { z } from 'zod';
import { grouped, settle, single, unread, type Finding, type Item } from './finding.ts';
import type { Answer } from './google.ts';
import { functionCalled, type FunctionJson } from './functions.ts';
import {
  apply,
  inRegion,
  locationOf,
  names,
  shortName,
  targetsOn,
  type Conditions,
  type Scene,
} from './scene.ts';
import type { Target } from './checkout.ts';

/** https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services */
const ServiceJson = z.object({
  name: z.string(),
  invokerIamDisabled: z.boolean().default(false),
  terminalCondition: z
    .looseObject({ state: z.string().optional(), message: z.string().default('') })
    .prefault({}),
});
export type ServiceJson = z.infer<typeof ServiceJson>;

const Policy = z.object({
  bindings: z
    .array(
      z.looseObject({
        role: z.string(),
        members: z.array(z.string()).default([]),
        condition: z.unknown().optional(),
      }),
    )
    .default([]),
});
type Policy = z.infer<typeof Policy>;

export const listServices = ({ google, place }: Scene): Promise<Answer<ServiceJson[]>> =>
  google.list(ServiceJson, {
    host: 'run.googleapis.com',
    path: `v2/${locationOf(place)}/services`,
    items: 'services',
    permission: 'run.services.list',
  });

/** Whether the Cloud Run service behind each function that there is serves. */
export function judgeServices(
  scene: Scene,
  conditions: Conditions,
  functions: Answer<FunctionJson[]>,
  answer: Answer<ServiceJson[]>,
): Finding[] {
  const about = { id: 'services', what: 'services of the functions' };
  return settle(about, answer, (found) => {
    const items = targetsOn(scene, conditions)
      .map((target) => names.of(scene.place, target.name))
      .filter((name) => functions.status !== 'answered' || functionCalled(functions, name) !== undefined)
      .map((name): Item => {
        const service = found.find((one) => shortName(one.name) === name);
        if (service === undefined) return { name, problem: 'it is not there', fix: apply };
        const { state, message } = service.terminalCondition;
        if (state === 'CONDITION_SUCCEEDED') return { name, problem: undefined };
        return {
          name,
          problem: `it is not ready: ${state ?? 'no condition'} ${message}`.trim(),
          fix: `gcloud run services logs read ${name} ${inRegion(scene.place)}`,
        };
      });
    return grouped(about, items, 'ready');
  });
}

/** Who may call each function: Pub/Sub's account and the people of `api`; everybody only what verifies them by itself. */
export async function judgeCallers(
  scene: Scene,
  on: Promise<Conditions>,
  services: Promise<Answer<ServiceJson[]>>,
): Promise<Finding[]> {
  const { place, google, checkout } = scene;
  const asked = await Promise.all(
    checkout.manifest.targets.map(async (target) => {
      const name = names.of(place, target.name);
      const answer = await google.find(Policy, {
        host: 'run.googleapis.com',
        path: `v2/${locationOf(place)}/services/${name}:getIamPolicy`,
        query: { 'options.requestedPolicyVersion': '3' },
        permission: 'run.services.getIamPolicy',
      });
      return { target, name, answer };
    }),
  );
  const [conditions, listed] = await Promise.all([on, services]);
  const expected = targetsOn(scene, conditions);
  const about = { id: 'callers', what: 'who may call' };
  const items: Item[] = [];
  const findings: Finding[] = [];
  const unknown: { name: string; found: string; fix?: string }[] = [];
  for (const { target, name, answer } of asked.filter(({ target }) => expected.includes(target))) {
    if (answer.status === 'unknown') unknown.push({ name, ...answer });
    if (answer.status !== 'answered') continue;
    const isUnchecked =
      listed.status === 'answered' &&
      listed.value.some((one) => shortName(one.name) === name && one.invokerIamDisabled);
    items.push({ name, ...judge(scene, target, answer.value, isUnchecked) });
    if (target.kind === 'http' && target.access === 'private')
      findings.push(...people(name, answer.value, conditions));
  }
  return [...grouped(about, items, 'called by whom they should be'), ...findings, ...unread(about, unknown)];
}

const invoker = 'roles/run.invoker';
const everybody = ['allUsers', 'allAuthenticatedUsers'];

/** @param isUnchecked whether Cloud Run lets everybody pass without looking at the policy */
function judge(
  { place }: Scene,
  target: Target,
  { bindings }: Policy,
  isUnchecked: boolean,
): Omit<Item, 'name'> {
  const name = names.of(place, target.name);
  const change = (verb: 'add' | 'remove', member: string, role: string): string =>
    `gcloud run services ${verb}-iam-policy-binding ${name} --member=${member} --role=${role} ${inRegion(place)}`;
  const open = bindings.flatMap(({ role, members }) =>
    members.filter((member) => everybody.includes(member)).map((member) => ({ role, member })),
  );
  if (target.access === 'public') {
    if (isUnchecked || open.some(({ role, member }) => role === invoker && member === 'allUsers'))
      return { problem: undefined };
    return { problem: 'Slack cannot call it: allUsers may not', fix: change('add', 'allUsers', invoker) };
  }
  if (isUnchecked)
    return {
      problem: 'everybody may call it: its invoker check is off',
      fix: `gcloud run services update ${name} --invoker-iam-check ${inRegion(place)}`,
    };
  const [first] = open;
  if (first !== undefined)
    return {
      problem: `it is open to ${first.member} (${first.role})`,
      fix: change('remove', first.member, first.role),
    };
  const push = `serviceAccount:${names.account(place, 'pubsub-push')}`;
  const isPushed = bindings.some(
    ({ role, members, condition }) => role === invoker && condition === undefined && members.includes(push),
  );
  return target.topic === undefined || isPushed
    ? { problem: undefined }
    : { problem: `Pub/Sub may not call it: ${push} has no ${invoker}`, fix: change('add', push, invoker) };
}

/** Whom the command line works for. Without Slack there is no other way to give an order. */
function people(name: string, { bindings }: Policy, conditions: Conditions): Finding[] {
  const slack = conditions.has('slack');
  const members = bindings.filter(({ role }) => role === invoker).flatMap((binding) => binding.members);
  const about = { id: `people:${name}`, what: `who may use the command line (${name})` };
  if (members.length > 0) return single(about, members.join(', '), { problem: undefined });
  const fix = `api_invokers = ["user:YOU@example.com"] in the module's inputs, then: ${apply}`;
  return [{ ...about, ok: slack, found: slack ? 'nobody; orders come from Slack alone' : 'nobody', fix }];
}
