import { rules } from './index.ts';
import type { Rule, Trust } from './rule.ts';

const trust: Record<Trust, string> = {
  documented: 'read in the documentation',
  reported: 'from reports of others',
  unverified: 'from experience, not verified',
};

/** `docs/rules.md`: every rule with its reason, its source and two examples. */
export function rulesPage(): string {
  return `# Rules of the configuration doctor

What \`slipway check FILE\` says beyond problems, and preflight of every deployment. A rule compares what the service file declares, in its section [\`app\`](service-file.md#app) too, with a limit. An advisory rule that fails is a recommendation with what is declared and the limit; a required one says that Cloud Run would refuse the revision. A rule that lacks a fact says which; it does not pass.

Renew this page with \`npm run --silent slipway -- check --explain > docs/rules.md\`.

| rule | what is so when it passes | severity |
|---|---|---|
${rules.map(({ id, title, severity }) => `| [\`${id}\`](#${id}) | ${title} | ${severity} |`).join('\n')}

${rules.map((rule) => ruleSection(rule)).join('\n\n')}`;
}

/** One rule of the page. */
export function ruleSection({ id, title, suite, severity, why, keys, docs, examples }: Rule): string {
  const source =
    docs === undefined
      ? 'both sides are the service file’s own'
      : `the limit is Google’s: <${docs.url}> (${trust[docs.trust]})`;
  return `## ${id}

**${title}.** ${why}

${suite}, ${severity}. Compares ${keys.map((key) => `\`${key}\``).join(', ')}; ${source}.

Fails:

\`\`\`yaml
${examples.firing.trim()}
\`\`\`

Passes:

\`\`\`yaml
${examples.silent.trim()}
\`\`\``;
}
