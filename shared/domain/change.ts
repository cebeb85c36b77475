import { z } from 'zod';

/**
 * What a release is for, if told. A claim is bound to what can verify it at its end: `database timeout 30 s → 90 s =>
 * check:database-timeout`, or `… => config:runtime.memory=1Gi`; a claim that is a check's id is bound to that check.
 */
export const Change = z.strictObject({
  id: z.string().max(100),
  title: z.string().max(300),
  url: z.url({ protocol: /^https?$/ }).optional(),
  claims: z.array(z.string().max(500)).max(20).default([]),
});
export type Change = z.infer<typeof Change>;

export interface Binding {
  /** The claim without what binds it. */
  claim: string;
  /** `to` is what the setting is claimed to be now; without it, only that it is not what it was. */
  by: { kind: 'check'; id: string } | { kind: 'config'; path: string; to?: string };
}

const bound = /^(.*\S)\s+=>\s+(?:check:(\S.*)|config:([^\s=]+)(?:=(.*))?)$/su;

/** What a claim is bound to. One that names nothing may itself be a check's id. */
export function bindingOf(text: string): Binding {
  const trimmed = text.trim();
  const [, claim = trimmed, id, path, to] = bound.exec(trimmed) ?? [];
  if (path === undefined) return { claim, by: { kind: 'check', id: id ?? trimmed } };
  return { claim, by: { kind: 'config', path, ...(to === undefined ? {} : { to }) } };
}

const changeLabel = 'dev.slipway.change.';

/**
 * What an image says in its labels that it is for: `dev.slipway.change.id`, `.title`, `.url`, and `.claims` as a JSON list.
 * @returns undefined when it says nothing
 */
export function changeOfLabels(
  labels: Readonly<Record<string, string>>,
): { change: Change } | { problem: string } | undefined {
  const said = Object.entries(labels).filter(([name]) => name.startsWith(changeLabel));
  if (said.length === 0) return undefined;
  const fields: Record<string, unknown> = Object.fromEntries(
    said.map(([name, value]) => [name.slice(changeLabel.length), value]),
  );
  if (typeof fields['claims'] === 'string') {
    try {
      fields['claims'] = JSON.parse(fields['claims']);
    } catch {
      return { problem: `${changeLabel}claims is no JSON: expected a list such as ["text => check:ID"]` };
    }
  }
  const parsed = Change.safeParse(fields);
  if (parsed.success) return { change: parsed.data };
  const problems = parsed.error.issues.map(
    ({ path, message }) => `${changeLabel}${path.join('.')}: ${message}`,
  );
  return { problem: problems.join('; ') };
}
