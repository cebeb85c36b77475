import { z } from 'zod';

/**
 * What a release is for, if told. A claim is bound to what can verify it at its end: `database timeout 30 s → 90 s =>
 * check:database-timeout`, or `… => config:runtime.memory=1Gi`; a claim that is a check's id is bound to that check.
 */
export const Change = z.strictObject({
  id: z.string().max(100),
  title: z.string().max(300),
  url: z.url({ protocol: /^https?$/, error: 'expected an http or https address' }).optional(),
  claims: z.array(z.string().max(500)).max(20).default([]),
});
export type Change = z.infer<typeof Change>;

/**
 * The change that a service file names is that of the first release that goes live with it, and of no later one.
 * @param file what the file says @param live what the file of the release that is live said
 */
export const newChange = (file: Change | undefined, live: Change | undefined): Change | undefined =>
  file?.id === live?.id ? undefined : file;

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

/**
 * A change as people type it: `#1278 Longer timeout` is its id and its title.
 * @returns undefined when nothing was said
 */
export function changeOfText({
  text,
  url,
  claims,
}: {
  text: string | undefined;
  url: string | undefined;
  claims: readonly string[];
}): { change: Change } | { problem: string } | undefined {
  if (text === undefined) {
    if (url === undefined && claims.length === 0) return undefined;
    return { problem: 'a claim, or the address of a change, wants the change it belongs to: "ID TITLE"' };
  }
  const [, id, title] = /^(\S+)\s+(\S.*)$/su.exec(text.trim()) ?? [];
  if (id === undefined || title === undefined)
    return { problem: `change "${text}": expected its id and its title, such as "#1278 Longer timeout"` };
  const parsed = Change.safeParse({ id, title, ...(url === undefined ? {} : { url }), claims });
  return parsed.success ? { change: parsed.data } : { problem: problemsOf('change ', parsed.error) };
}

const problemsOf = (prefix: string, { issues }: z.ZodError): string =>
  issues.map(({ path, message }) => `${prefix}${path.join('.')}: ${message}`).join('; ');

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
  return parsed.success ? { change: parsed.data } : { problem: problemsOf(changeLabel, parsed.error) };
}
