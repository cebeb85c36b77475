import { componentTimeouts } from './facts.ts';
import { judged, type Rule } from './rule.ts';
import { unknownDatabaseTimeout } from './without-section.ts';

export const componentTimeoutsRequest: Rule = {
  id: 'component-timeouts-request',
  suite: 'Infrastructure timeouts',
  severity: 'advisory',
  title: 'The service gives up on its parts before Cloud Run gives up on the request',
  why: 'When a part does not answer, the service should say which. When Cloud Run ends the request first, users see 503 or 504 and the log says nothing.',
  keys: ['app.timeouts', 'app.database.timeout', 'runtime.requestTimeout'],
  docs: { url: 'https://cloud.google.com/run/docs/configuring/request-timeout', trust: 'documented' },
  judge({ config }) {
    const timeouts = componentTimeouts(config);
    const { requestTimeout } = config.runtime;
    const late = timeouts.filter(([, seconds]) => seconds >= requestTimeout);
    // One that is known may be too long; that none is, is not known.
    const unknown = unknownDatabaseTimeout(config);
    if (late.length === 0 && unknown) return unknown;
    if (timeouts.length === 0) return undefined;
    return judged(late.length === 0, {
      observed: timeouts.map(([name, seconds]) => `${name} ${seconds} s`).join(', '),
      expected: `each below the request timeout of ${requestTimeout} s`,
      change: `Lower the timeout of ${late.map(([name]) => name).join(', ')} below ${requestTimeout} s, or raise runtime.requestTimeout`,
    });
  },
  examples: {
    firing: `
runtime: { requestTimeout: 60s }
app: { timeouts: { auth: 10s, model: 90s } }`,
    silent: `
runtime: { requestTimeout: 2m }
app: { timeouts: { auth: 10s, model: 90s } }`,
  },
};
