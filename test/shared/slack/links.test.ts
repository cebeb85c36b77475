import { describe, expect, it } from 'vitest';
import { logsUrl } from '#shared/slack/links.ts';
import { deploymentOf, waitingOf } from '#test/support/deployment.ts';
import { finishedAs } from '#test/support/outcomes.ts';

const query = (url: string | undefined): string =>
  decodeURIComponent(/;query=([^;?]*)/.exec(url ?? '')?.[1] ?? '');

describe('the address of the log', () => {
  it('shows the candidate, from the start until five minutes after the end', () => {
    const url = logsUrl(finishedAs('rolled-back'));
    expect(query(url)).toBe(
      [
        'resource.type="cloud_run_revision"',
        'resource.labels.service_name="hello"',
        'resource.labels.location="us-central1"',
        'resource.labels.revision_name="hello-d1f3k7q2x9ab"',
      ].join('\n'),
    );
    expect(url).toMatch(
      /;timeRange=2026-01-01T00%3A00%3A02\.000Z%2F2026-01-01T00%3A05%3A41\.000Z\?project=slipway-local$/,
    );
  });

  it('shows the service while there is no candidate, and no end while it runs', () => {
    const { candidate: _none, ...running } = deploymentOf();
    expect(query(logsUrl(running))).not.toContain('revision_name');
    expect(logsUrl(running)).not.toContain('timeRange');
  });

  it('is none for one that never started', () => {
    expect(logsUrl(waitingOf())).toBeUndefined();
  });
});
