import { z } from 'zod';
import { absent, difference, grouped, settle, together, type Finding, type Item } from './finding.ts';
import type { Answer } from './google.ts';
import {
  apply,
  inRegion,
  isOn,
  locationOf,
  names,
  shortName,
  targetsOn,
  type Conditions,
  type Place,
  type Scene,
} from './scene.ts';
import type { Target } from './checkout.ts';

/** https://cloud.google.com/functions/docs/reference/rest/v2/projects.locations.functions. Values of variables are not kept. */
const FunctionJson = z.object({
  name: z.string(),
  state: z.string().optional(),
  stateMessages: z.array(z.looseObject({ message: z.string().default('') })).default([]),
  buildConfig: z.looseObject({ entryPoint: z.string(), runtime: z.string() }).partial().prefault({}),
  serviceConfig: z
    .looseObject({
      service: z.string().optional(),
      uri: z.string().optional(),
      serviceAccountEmail: z.string().optional(),
      ingressSettings: z.string().optional(),
      timeoutSeconds: z.number().optional(),
      maxInstanceCount: z.number().optional(),
      maxInstanceRequestConcurrency: z.number().optional(),
      environmentVariables: z.record(z.string(), z.unknown()).default({}).transform(Object.keys),
      secretEnvironmentVariables: z
        .array(z.looseObject({ key: z.string(), secret: z.string(), version: z.string().default('latest') }))
        .default([]),
    })
    .prefault({}),
});
export type FunctionJson = z.infer<typeof FunctionJson>;

/** Those of the region, ours and others. */
export const listFunctions = ({ google, place }: Scene): Promise<Answer<FunctionJson[]>> =>
  google.list(FunctionJson, {
    host: 'cloudfunctions.googleapis.com',
    path: `v2/${locationOf(place)}/functions`,
    items: 'functions',
    permission: 'cloudfunctions.functions.list',
  });

/** Which of the conditional parts are installed: what the functions are given tells. */
export function conditionsOf({ place }: Scene, answer: Answer<FunctionJson[]>): Conditions {
  const ours = answer.status === 'answered' ? answer.value.filter((one) => isOurs(one, place)) : [];
  const given = new Set(
    ours.flatMap(({ name, serviceConfig }) => [
      shortName(name),
      ...serviceConfig.environmentVariables,
      ...serviceConfig.secretEnvironmentVariables.map(({ key }) => key),
    ]),
  );
  const signs = {
    slack: ['SLIPWAY_HAS_SLACK', 'SLACK_TEAM_IDS', names.of(place, 'chatops')],
    pager: ['SLIPWAY_HAS_PAGER', 'SLIPWAY_PAGER_URL'],
    'pager-key': ['SLIPWAY_PAGER_KEY'],
    builds: ['SLIPWAY_BUILD_ACCOUNT'],
  };
  return new Set(
    Object.entries(signs).flatMap(([condition, any]) =>
      any.some((sign) => given.has(sign)) ? [condition] : [],
    ),
  );
}

const isOurs = ({ name }: FunctionJson, place: Place): boolean =>
  shortName(name).startsWith(names.of(place, ''));

/** A function as the answer has it. */
export const functionCalled = (answer: Answer<FunctionJson[]>, name: string): FunctionJson | undefined =>
  answer.status === 'answered' ? answer.value.find((one) => shortName(one.name) === name) : undefined;

/** Whether each function is there, as `functions/targets.json` and Terraform make it. */
export function judgeFunctions(scene: Scene, answer: Answer<FunctionJson[]>): Finding[] {
  const about = { id: 'functions', what: 'functions' };
  const { place } = scene;
  return settle(about, answer, (found) => {
    const conditions = conditionsOf(scene, answer);
    if (!found.some((one) => isOurs(one, place))) {
      const nothing = `none in ${place.region} begins with ${names.of(place, '')}`;
      return [
        { ...about, ok: false, found: nothing, fix: `${apply}; or name where it is: --region, --prefix` },
      ];
    }
    const items = targetsOn(scene, conditions).map((target): Item => {
      const name = names.of(place, target.name);
      return { name, ...judge(scene, conditions, target, functionCalled(answer, name)) };
    });
    const words = ['slack', 'pager', 'builds'].map(
      (one) => `${conditions.has(one) ? 'with' : 'without'} ${one}`,
    );
    return grouped(
      about,
      items,
      `ACTIVE in ${place.region}, as functions/targets.json has them; ${words.join(', ')}`,
    );
  });
}

function judge(
  { checkout, place }: Scene,
  conditions: Conditions,
  target: Target,
  found: FunctionJson | undefined,
): Omit<Item, 'name'> {
  if (found === undefined) return { problem: 'it is not there', fix: apply };
  const { manifest, terraform } = checkout;
  const { defaults } = manifest;
  const { buildConfig, serviceConfig: config } = found;
  const secrets = Object.keys(target.secrets).filter((key) =>
    isOn(manifest.secrets[key]?.when ?? '', conditions),
  );
  const name = names.of(place, target.name);
  if (found.state !== 'ACTIVE') {
    const said = found.stateMessages.map(({ message }) => message).filter((message) => message !== '');
    return {
      problem: [`its state is ${found.state ?? 'not said'}`, ...said].join(': '),
      fix:
        found.state === 'DEPLOYING'
          ? `gcloud functions describe ${name} ${inRegion(place)}`
          : `${apply} -replace='module.slipway.google_cloudfunctions2_function.main["${target.name}"]'`,
    };
  }
  const times = target.kind === 'step' ? manifest.dispatch : manifest.trigger;
  const wantedIngress = (target.ingress ?? defaults.ingress) === 'all' ? 'ALLOW_ALL' : 'ALLOW_INTERNAL_ONLY';
  const problem = together(
    difference([
      ['its entry point', buildConfig.entryPoint, target.name],
      ['its runtime', buildConfig.runtime, defaults.runtime],
      ['its account', config.serviceAccountEmail, names.account(place, target.name)],
      ['its ingress', config.ingressSettings, wantedIngress],
      ['its timeout', config.timeoutSeconds, times.functionTimeoutSeconds],
      ['its most instances', config.maxInstanceCount, target.maxInstances ?? defaults.maxInstances],
      ['its concurrency', config.maxInstanceRequestConcurrency, target.concurrency ?? defaults.concurrency],
    ]),
    absent(
      'of its variables',
      terraform.environment.filter(({ when }) => isOn(when, conditions)).map((variable) => variable.name),
      config.environmentVariables,
    ),
    absent(
      'of its secrets',
      secrets,
      config.secretEnvironmentVariables
        .filter(({ key, secret }) => shortName(secret) === names.of(place, manifest.secrets[key]?.id ?? ''))
        .map(({ key }) => key),
    ),
  );
  return { problem, fix: apply };
}
