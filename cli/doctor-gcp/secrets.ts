import { z } from 'zod';
import { grouped, unread, type Finding, type Item } from './finding.ts';
import type { Answer } from './google.ts';
import type { FunctionJson } from './functions.ts';
import { apply, isOn, names, shortName, type Conditions, type Scene } from './scene.ts';

/** https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions. No value is ever asked for. */
const Version = z.object({ name: z.string(), state: z.string() });

/** Whether each secret is there, and has the version that functions read. */
export async function judgeSecrets(
  scene: Scene,
  on: Promise<Conditions>,
  functions: Promise<Answer<FunctionJson[]>>,
): Promise<Finding[]> {
  const { google, place, checkout } = scene;
  const about = { id: 'secrets', what: 'secrets' };
  const asked = await Promise.all(
    Object.values(checkout.manifest.secrets).map(async ({ id, when }) => {
      const name = names.of(place, id);
      const answer = await google.list(Version, {
        host: 'secretmanager.googleapis.com',
        path: `v1/projects/${place.project}/secrets/${name}/versions`,
        items: 'versions',
        permission: 'secretmanager.versions.list',
      });
      return { name, when, answer };
    }),
  );
  const [conditions, called] = await Promise.all([on, functions]);
  const items: Item[] = [];
  const unknown: { name: string; found: string; fix?: string }[] = [];
  for (const { name, when, answer } of asked) {
    if (answer.status === 'unknown') unknown.push({ name, ...answer });
    if (answer.status === 'missing') items.push({ name, problem: 'it is not there', fix: apply });
    if (answer.status !== 'answered') continue;
    const isRead = isOn(when, conditions);
    const problem = isRead ? problemOf(answer.value, versionsRead(called, name)) : undefined;
    const fix = `gcloud secrets versions add ${name} --project ${place.project} --data-file=-`;
    items.push({ name, problem, fix });
  }
  return [
    ...grouped(about, items, 'there; those that are read have an enabled version'),
    ...unread(about, unknown),
  ];
}

/** Which versions of it functions are told to read. */
function versionsRead(answer: Answer<FunctionJson[]>, name: string): string[] {
  const functions = answer.status === 'answered' ? answer.value : [];
  const versions = functions.flatMap(({ serviceConfig }) =>
    serviceConfig.secretEnvironmentVariables.filter(({ secret }) => shortName(secret) === name),
  );
  return [...new Set(versions.map(({ version }) => version))];
}

function problemOf(versions: z.infer<typeof Version>[], read: readonly string[]): string | undefined {
  const states = new Map(versions.map(({ name, state }) => [shortName(name), state]));
  if (![...states.values()].includes('ENABLED'))
    return 'no version is enabled: a function that reads it does not start';
  // `latest` is the newest, whatever its state.
  const newest = String(Math.max(...[...states.keys()].map(Number)));
  const bad = read.find((version) => states.get(version === 'latest' ? newest : version) !== 'ENABLED');
  return bad === undefined
    ? undefined
    : `version ${bad === 'latest' ? `${newest} (latest)` : bad} is read, and is ${states.get(bad === 'latest' ? newest : bad) ?? 'not there'}`;
}
