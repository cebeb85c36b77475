import { judged, type Rule } from './rule.ts';

export const secretsPinned: Rule = {
  id: 'secrets-pinned',
  suite: 'Configuration validation',
  severity: 'advisory',
  title: 'A revision that is brought back has the secrets it had',
  why: 'A variable at latest is read when an instance starts. After a rollback the old release gets the newest value, which it has never been proven with.',
  keys: ['runtime.secrets'],
  docs: { url: 'https://cloud.google.com/run/docs/configuring/services/secrets', trust: 'documented' },
  judge({ config: { runtime }, seen }) {
    const mappings = Object.entries(runtime.secrets);
    // Who has looked things up has asked the same, and can name the versions.
    if (mappings.length === 0 || seen !== undefined) return undefined;
    const loose = mappings.filter(([, binding]) => binding.endsWith(':latest')).map(([variable]) => variable);
    return judged(loose.length === 0, {
      observed: `${mappings.length - loose.length} of ${mappings.length} have a version${loose.length > 0 ? `; latest: ${loose.join(', ')}` : ''}`,
      expected: 'a version number for each',
      change: `Pin the version of ${loose.join(', ')} in runtime.secrets`,
    });
  },
  examples: {
    firing: `
runtime: { secrets: { DATABASE_PASSWORD: 'database-password:latest' } }`,
    silent: `
runtime: { secrets: { DATABASE_PASSWORD: 'database-password:3' } }`,
  },
};
