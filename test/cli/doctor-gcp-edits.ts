import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest';
import { z } from 'zod';
import { accountOf, change, openCloud, paths, project, type Cloud } from './doctor-gcp-cloud.ts';
import { runHere } from './run-cli.ts';

/** What the tests of `doctor gcp` do to an installation, and how they ask. */

const Findings = z.array(
  z.object({
    id: z.string(),
    ok: z.union([z.boolean(), z.literal('unknown')]),
    what: z.string(),
    found: z.string(),
    fix: z.string().optional(),
  }),
);
type Findings = z.infer<typeof Findings>;
export type Json = Record<string, unknown>;

export const where = ['--project', project, '--region', 'europe-west1'];

/** Edits the one thing of a list whose name ends so. */
export const one =
  (path: string, list: string, name: string, edit: (thing: Json) => void) =>
  (cloud: Cloud): void =>
    change<Record<string, Json[]>>(cloud, path, (answer) => {
      const thing = answer[list]?.find((each) => String(each['name']).endsWith(`/${name}`));
      if (!thing) throw new Error(`${path} has no ${name}`);
      edit(thing);
    });
export const without =
  (path: string, list: string, name: string) =>
  (cloud: Cloud): void =>
    change<Record<string, Json[]>>(cloud, path, (answer) => {
      const left = answer[list]?.filter((each) => !String(each['name']).endsWith(`/${name}`)) ?? [];
      expect(left.length + 1).toBe(answer[list]?.length);
      answer[list] = left;
    });
export const set =
  (path: string, ...keys: string[]) =>
  (value: unknown) =>
  (cloud: Cloud): void =>
    change<Json>(cloud, path, (answer) => setIn(answer, keys, value));
export function setIn(thing: Json, [key = '', ...more]: string[], value: unknown): void {
  if (more.length === 0) {
    if (value === undefined) delete thing[key];
    else thing[key] = value;
  } else setIn((thing[key] ??= {}) as Json, more, value);
}

export const aFunction = (name: string, edit: (thing: Json) => void) =>
  one(paths.functions, 'functions', `slipway-${name}`, edit);
export const aSubscription =
  (name: string, ...keys: string[]) =>
  (value: unknown) =>
    one(paths.subscriptions, 'subscriptions', `slipway-${name}`, (thing) => setIn(thing, keys, value));
export const gone = (path: string) => (cloud: Cloud) => void cloud.delete(path);
export const policy = (name: string, ...members: string[]) =>
  set(paths.policy(name), 'bindings')([{ role: 'roles/run.invoker', members }]);
export const push = `serviceAccount:${accountOf('pubsub-push')}`;
export const inRegion = `--region europe-west1 --project ${project}`;

interface Doctor {
  /** Of the test that runs. */
  readonly google: Awaited<ReturnType<typeof openCloud>>;
  /** What is not as it should be, with the exit code. */
  diagnose(
    edit: (cloud: Cloud) => void,
    ...options: string[]
  ): Promise<{ code: number | null; all: Findings; bad: Findings }>;
}

/** An installation that is as Terraform leaves it at the begin of every test of a file. */
export function openDoctor(): Doctor {
  let google: Doctor['google'];
  beforeAll(async () => {
    google = await openCloud();
  });
  afterAll(() => google.close());
  beforeEach(() => {
    google.become(() => undefined);
    // Google's library looks there by itself.
    for (const [name, value] of Object.entries(google.env)) vi.stubEnv(name, value);
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', '');
  });
  afterEach(() => vi.unstubAllEnvs());
  return {
    get google() {
      return google;
    },
    async diagnose(edit, ...options) {
      google.become(edit);
      const { code, stdout, stderr } = await runHere(
        ['doctor', 'gcp', ...where, '--json', ...options],
        google.env,
      );
      expect(stderr).toBe('');
      const all = Findings.parse(JSON.parse(stdout));
      return { code, all, bad: all.filter(({ ok }) => ok !== true) };
    },
  };
}
