import { judged, type Rule } from './rule.ts';
import { withoutSection } from './without-section.ts';

export const cpuAlwaysAllocated: Rule = {
  id: 'cpu-always-allocated',
  suite: 'Configuration validation',
  severity: 'advisory',
  title: 'CPU that is always allocated is needed',
  why: 'Without cpuIdle every instance is billed for its whole life. That comes unasked where a template sets resources and leaves cpuIdle out: here it is always sent, so it is a choice.',
  keys: ['runtime.cpuIdle', 'app.background', 'app.webSocket'],
  docs: { url: 'https://cloud.google.com/run/docs/configuring/billing-settings', trust: 'documented' },
  judge({ config }) {
    const { app, runtime } = config;
    if (runtime.cpuIdle) return undefined;
    const reasons = [
      ...(app?.background === true ? ['work in the background'] : []),
      ...(app?.webSocket === undefined ? [] : ['WebSockets']),
    ];
    const unknown = withoutSection(config, 'webSocket');
    if (reasons.length === 0 && unknown) return unknown;
    return judged(reasons.length > 0, {
      observed: `cpuIdle: false, ${reasons.length > 0 ? `for ${reasons.join(' and ')}` : 'and nothing declared that needs it'}`,
      expected: 'work in the background or WebSockets',
      change: 'Set runtime.cpuIdle to true, or declare app.background: true if it works outside of requests',
    });
  },
  examples: {
    firing: `
runtime: { cpuIdle: false }`,
    silent: `
runtime: { cpuIdle: false, minInstances: 1 }
app: { background: true }`,
  },
};
