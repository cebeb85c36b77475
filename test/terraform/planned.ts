import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { root } from './module.ts';

/** The real Terraform, where there is one; nothing is fetched for it. */

/** Its version, as `[1, 11]`; undefined where there is none on PATH. */
export const version = ((): number[] | undefined => {
  try {
    const printed = execFileSync('terraform', ['version'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    }).toString();
    return /v(\d+)\.(\d+)/.exec(printed)?.slice(1).map(Number);
  } catch {
    return undefined;
  }
})();

const configuration = process.env['TF_CLI_CONFIG_FILE'] ?? '';
/** Whether there is a provider: where TF_CLI_CONFIG_FILE names a configuration with a mirror of it. */
export const hasProvider =
  version !== undefined && existsSync(configuration) && /_mirror/.test(readFileSync(configuration, 'utf8'));

/** What an `_iam_member` of any kind says; what is only known after an apply is absent. */
const After = z.looseObject({
  project: z.string().nullish(),
  role: z.string().nullish(),
  member: z.string().nullish(),
});
const Plan = z.object({
  resource_changes: z.array(
    z.object({
      address: z.string(),
      type: z.string(),
      mode: z.string(),
      change: z.object({ actions: z.array(z.string()), after: After.nullable() }),
    }),
  ),
});
const TestLine = z.object({ '@testrun': z.string().optional(), test_plan: Plan.optional() });

export interface Planned {
  address: string;
  type: string;
  after: z.infer<typeof After>;
}

/** @returns what was printed, once it is done. Rejects with it when the command failed. */
export const terraform = (folder: string, ...args: string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile('terraform', args, { cwd: folder, maxBuffer: 1 << 26 }, (error, stdout, stderr) =>
      error ? reject(new Error(`terraform ${args.join(' ')}: ${stdout}${stderr}`)) : resolve(stdout),
    );
  });

/** A copy of what the module reads, so that no lock file and no state is left in the sources. @returns its folder */
export async function copyOfModule(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'slipway-terraform-'));
  for (const path of ['terraform', 'workflows', 'functions/targets.json', 'shared/ledger/indexes.json'])
    await cp(join(root, path), join(copy, path), { recursive: true });
  return copy;
}

/** The resources that a plan of an empty state would make. */
export async function planned(folder: string, ...more: string[]): Promise<Planned[]> {
  await terraform(folder, 'plan', '-input=false', '-no-color', '-out=the.plan', ...more);
  return resourcesOf(Plan.parse(JSON.parse(await terraform(folder, 'show', '-json', 'the.plan')) as unknown));
}

/** One plan of a module: what it is given, and what a provider would say of resources that are not there yet, by address. */
export interface Wish {
  variables: object;
  known: Record<string, Record<string, string>>;
}

/** Plans of an initialised module without any project: what its data sources and resources answer is made up. */
export async function plannedWith(
  folder: string,
  wishes: Record<string, Wish>,
  mocks: string,
): Promise<Record<string, Planned[]>> {
  const runs = Object.entries(wishes).map(([name, { variables, known }]) =>
    [
      `run "${name}" {`,
      '  command = plan',
      `  variables {\n${assignments(variables)}\n  }`,
      ...Object.entries(known).map(
        ([target, values]) =>
          `  override_resource {\n    target = ${target}\n    override_during = plan\n    values = ${JSON.stringify(values)}\n  }`,
      ),
      '}',
    ].join('\n'),
  );
  await writeFile(join(folder, 'tests/made.tftest.hcl'), [mocks, ...runs].join('\n'));
  const printed = await terraform(folder, 'test', '-json', '-verbose', '-filter=tests/made.tftest.hcl');
  const lines = printed
    .trim()
    .split('\n')
    .map((line) => TestLine.parse(JSON.parse(line)));
  return Object.fromEntries(
    lines.flatMap(({ '@testrun': name = '', test_plan: plan }) => (plan ? [[name, resourcesOf(plan)]] : [])),
  );
}

const assignments = (variables: object): string =>
  Object.entries(variables)
    .map(([name, value]) => `    ${name} = ${JSON.stringify(value)}`)
    .join('\n');

const resourcesOf = ({ resource_changes }: z.infer<typeof Plan>): Planned[] =>
  resource_changes
    .filter(({ mode }) => mode === 'managed')
    .map(({ address, type, change }) => ({ address, type, after: change.after ?? {} }));
