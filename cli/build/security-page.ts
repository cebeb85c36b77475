import { z } from 'zod';
import { holders, otherRights, things } from './other-rights.ts';

const Reasons = z.record(z.string(), z.string());
const Manifest = z.object({
  capabilities: z.record(
    z.string(),
    z.object({
      on: z.string(),
      when: z.string().optional(),
      under: z.string().optional(),
      role: z.string().optional(),
      permissions: z.array(z.string()).optional(),
    }),
  ),
  secrets: z.record(z.string(), z.object({ id: z.string(), when: z.string() })),
  targets: z.array(
    z.object({ name: z.string(), may: Reasons, publishes: Reasons, secrets: Reasons.default({}) }),
  ),
});

/** In words, what a capability is granted on. */
const places: Record<string, string> = {
  project: 'the project of Slipway',
  targets: 'each target project',
  bucket: 'the bucket',
  ledger: 'the database',
  repositories: 'each repository of images',
  'runtime-accounts': 'each account in `runtime_service_accounts`',
  'build-accounts': '`PREFIX-image-build` of each target project',
  'judged-secrets': 'each secret in `judged_secrets`',
};

/** In words, what has to be said in Terraform for a capability that is not always there. */
const conditions: Record<string, string> = {
  'public-services': '`enable_public_services`',
  builds: '`source_buckets`',
};

/** Identity → permissions → why, as Markdown, from `functions/targets.json` and `other-rights.ts`. */
function securityTables(manifest: unknown): string {
  const { capabilities, secrets, targets } = Manifest.parse(manifest);
  const abilities = Object.entries(capabilities).map(
    ([name, { on, under, when, role, permissions = [] }]) => {
      const what = role === undefined ? permissions.map(code).join(', ') : code(role);
      const where = `${places[on] ?? on}${under === undefined ? '' : `, below ${code(under)}`}`;
      return row(
        code(name),
        what,
        `${where}${when === undefined ? '' : `; only with ${conditions[when] ?? code(when)}`}`,
      );
    },
  );
  const identities = targets.flatMap(({ name, may, publishes, secrets: wanted }) =>
    [
      ...Object.entries(may).map(([capability, why]) => [code(capability), why]),
      ...Object.entries(publishes).map(([topic, why]) => [`publishes to ${code(topic)}`, why]),
      ...Object.entries(wanted).map(([secret, why]) => [
        `reads the secret ${code(secrets[secret]?.id ?? secret)}`,
        why,
      ]),
    ].map(([what = '', why = ''], index) => row(index === 0 ? code(name) : '', what, why)),
  );
  const others = otherRights.map(({ who, role, on, why }, index) =>
    row(otherRights[index - 1]?.who === who ? '' : holders[who], code(role), things[on], why),
  );
  return [
    '| function | may | why |',
    '|---|---|---|',
    ...identities,
    '',
    '| capability | permissions | on |',
    '|---|---|---|',
    ...abilities,
    '',
    '| anybody else | may | on | why |',
    '|---|---|---|---|',
    ...others,
  ].join('\n');
}

const begin = '<!-- tables: renewed by `npm run build -- --security` -->';
const end = '<!-- end of tables -->';

/** The page with its tables as the list of targets has them. @throws Error when the page has no place for them */
export function withTables(page: string, manifest: unknown): string {
  const [before, rest] = page.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined)
    throw new Error(`docs/security.md has no place for its tables: expected ${begin} and ${end}`);
  return `${before}${begin}\n\n${securityTables(manifest)}\n\n${end}${after}`;
}

const code = (text: string): string => `\`${text}\``;
const row = (...cells: string[]): string => `| ${cells.join(' | ')} |`;
