import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { costOf, Targets } from '#cli/cost.ts';
import { straightWork } from '#cli/cost-work.ts';
import { priceTable } from '#cli/price-table.ts';
import { parseServiceFile } from '#shared/config/service-file.ts';
import { parseImage } from '#shared/domain/image.ts';
import { isProtected, mayDo } from '#shared/domain/permission.ts';
import { isDeployedTag } from '#shared/config/tag-policy.ts';
import { openApi, token } from '#test/cli/api-server.ts';
import { runHere } from '#test/cli/run-cli.ts';
import { readModule } from '#test/terraform/module.ts';

/** Who follows docs/install.md with the example's own files gets where it says. */

const read = (path: string): string => readFileSync(path, 'utf8');
const install = read('docs/install.md');
const operations = read('docs/operations.md');
const example = 'terraform/examples/complete';

/** The inside of each block of code of a language, and what is indented in a list as well. */
const blocks = (page: string, language: string): string[] =>
  [...page.matchAll(new RegExp(`^( *)\`\`\`${language}\\n(.*?)^ *\`\`\`$`, 'gms'))].map(
    ([, indent = '', text = '']) => text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  );

describe('the first deployments', () => {
  const parsed = parseServiceFile(read(`${example}/services/hello.yaml`), 'hello.yaml');
  if (parsed.status !== 'ok') throw new Error('the example is not valid');
  const configOf = (service: string, environment: string) => {
    const found = parsed.configs.find((one) => one.service === service && one.environment === environment);
    if (!found) throw new Error(`the example has no ${service} ${environment}`);
    return found;
  };
  const ana = { id: /api_invokers += \["user:([^"]+)"\]/.exec(install)?.[1] ?? '' };
  const ordered = [
    ...[...install.matchAll(/slipway -- deploy (\S+) (\S+) \S+/g)].map(([, ...place]) => ['api', ...place]),
    ...[...install.matchAll(/`\/deploy (\S+) (\S+) \S+`/g)].map(([, ...place]) => ['slack', ...place]),
  ] as ['api' | 'slack', string, string][];

  test('are asked for at the command line and in Slack', () => {
    expect(new Set(ordered.map(([via]) => via))).toEqual(new Set(['api', 'slack']));
  });

  test.each(ordered)(
    'through %s of %s to %s may be asked for by who is told to',
    (via, service, environment) => {
      const config = configOf(service, environment);
      expect(mayDo('deploy', config, ana, via)).toEqual({ allowed: true });
      expect(isProtected(config)).toBe(true);
      expect(mayDo('deploy', config, { id: 'bob@example.com' }, via).allowed).toBe(false);
    },
  );

  test('by a push go to the environment that tracks the tag, of the image that the file names', () => {
    const [, reference = ''] = /^\$ docker push (\S+)$/m.exec(install) ?? [];
    const pushed = parseImage(reference);
    const config = configOf('hello', 'staging');
    expect(pushed?.name).toBe(config.image);
    expect(isDeployedTag(config.policy.autoDeploy, pushed?.tag ?? '')).toBe(true);
    expect(configOf('hello', 'production').policy.autoDeploy).toEqual([]);
  });

  test('go to projects and accounts that the variables name', () => {
    for (const { project, runtime } of parsed.configs) {
      expect(install).toContain(`target_projects          = ["${project}"]`);
      expect(install).toContain(`runtime_service_accounts = ["${runtime.serviceAccount}"]`);
    }
  });
});

describe('variables', () => {
  const ours = readModule(example).variables;
  const modules = readModule('terraform').variables;
  const passed = [...read(`${example}/main.tf`).matchAll(/^ {2}(\w+) += (.+)$/gm)];

  const told = [install, operations].flatMap((page) => [
    // At the start of a line of Terraform's, or as code in a sentence: `name`, `name = value`.
    ...blocks(page, 'hcl').flatMap((block) => [...block.matchAll(/^(\w+) += /gm)]),
    ...[...page.matchAll(/`(\w+)(?: = [^`]+)?`/g)].filter(
      ([code, name = '']) => name in modules || code.includes(' = '),
    ),
  ]);
  const names = [...new Set(told.map(([, name = '']) => name))]
    .filter((name) => /^[a-z_]+$/.test(name) && name !== 'source')
    .sort();

  test.each(names)('%s can be set in the example', (name) => {
    // The example has its files where the module is told.
    expect([...Object.keys(ours), 'service_files_dir']).toContain(name);
    expect(passed.map(([, input]) => input)).toContain(name);
  });

  test('those that were missing once are among the names', () => {
    expect(names).toEqual(
      expect.arrayContaining([
        'create_gcr_topic',
        'enable_protection',
        'ledger_database',
        'pager',
        'secret_versions',
      ]),
    );
  });

  test.each(Object.keys(ours))('%s goes to the module', (name) => {
    expect(passed.map(([, , value]) => value)).toContain(`var.${name}`);
  });

  // What the example decides itself, so that the first apply needs fewer words.
  const decided = ['region', 'functions_zip', 'create_repository'];
  test.each(Object.keys(ours).filter((name) => !decided.includes(name)))(
    '%s is without a value what it is in the module',
    (name) => expect(ours[name]?.['default']).toEqual(modules[name]?.['default']),
  );
});

describe('what is shown', () => {
  it('of check, status and the manifest is what they print', async () => {
    const check = await runHere(['check', `${example}/services/hello.yaml`]);
    expect(install).toContain(check.stdout.replace('complete', 'mine'));
    const server = await openApi();
    const env = { SLIPWAY_API_URL: server.url, SLIPWAY_IDENTITY_TOKEN: token };
    const status = await runHere(['status'], env);
    await server.close();
    expect(install).toContain(`-- status\n${status.stdout}`);
    const url = /^chatops_url = "(.+)"$/m.exec(install)?.[1] ?? '';
    const lines = (await runHere(['slack', 'manifest', '--url', url])).stdout.trimEnd().split('\n');
    expect(install).toContain(`${lines.slice(0, 3).join('\n')}\n…\n${lines.at(-1)}\n`);
  });

  test('every command has its output', () => {
    // These say nothing, or what follows in the next block.
    const silent = /^\$ (cp|cd|export|read|unset|terraform state rm|docker (pull|tag)|sed) ?/;
    const mute = blocks(install, 'console').flatMap((block) => {
      const all = block.trimEnd().split('\n');
      return all.filter(
        (line, index) =>
          line.startsWith('$ ') && !silent.test(line) && (all[index + 1] ?? '$ ').startsWith('$ '),
      );
    });
    expect(mute).toEqual([]);
  });
});

describe('the formula of the cost', () => {
  const rows = [...install.matchAll(/^\| ([\w -]+) \| ([\d.RLNH +]+) \|$/gm)].map(
    ([, unit = '', sum = '']) => ({ unit, sum }),
  );
  const functions = Targets.parse(JSON.parse(read('functions/targets.json')));

  test('has a row for every unit of a deployment that has no build, but GiB-s and bytes, which follow from others', () => {
    const { deployment } = costOf(straightWork({}), functions);
    const keys = deployment.lines.flatMap(({ quantities }) =>
      Object.keys(quantities),
    ) as (keyof typeof priceTable.prices)[];
    const units = keys
      .map((key) => priceTable.prices[key].unit)
      .filter((unit) => !['GiB-s', 'bytes'].includes(unit));
    expect(rows.map(({ unit }) => unit).toSorted()).toEqual(units.toSorted());
  });

  test.each([
    [1, 10],
    [3, 60],
    [2, 300],
  ])('is that of slipway cost: %d percentages, %d s', (steps, bakeSeconds) => {
    const R = 7 + 3 * steps;
    const L = steps * Math.max(0, Math.ceil((bakeSeconds - 20) / 25));
    const letters: Record<string, number> = { R, L, N: steps, H: 2 + steps * bakeSeconds - 5 * L };
    const { deployment } = costOf(straightWork({ steps, bakeSeconds }), functions);
    const counted = Object.entries(
      Object.assign({}, ...deployment.lines.map(({ quantities }) => quantities)),
    );
    const amounts = Object.fromEntries(
      counted.map(([key, amount]) => [
        priceTable.prices[key as keyof typeof priceTable.prices].unit,
        amount as number,
      ]),
    );
    for (const { unit, sum } of rows) {
      const said = sum
        .split(' + ')
        .map((part) => /^([\d.]*)([RLNH]?)$/.exec(part) ?? [])
        .reduce(
          (total, [, factor = '', letter = '']) => total + Number(factor || 1) * (letters[letter] ?? 1),
          0,
        );
      expect([unit, Math.abs(said - (amounts[unit] ?? 0)) < 1]).toEqual([unit, true]);
    }
    expect(amounts['GiB-s']).toBeCloseTo((amounts['vCPU-s'] ?? 0) / 4, 9);
    expect(amounts['bytes']).toBe(2000 * (amounts['requests'] ?? 0));
  });
});
