import { describe, expect, it } from 'vitest';
import { createRest } from '#shared/google/rest.ts';
import { createWorkflows } from '#shared/google/workflows.ts';
import { fixedTokens, openServer, token, type Answer, type Seen } from './cloud.ts';

const rest = createRest({ tokens: fixedTokens });
const parent = 'projects/slipway-local/locations/us-central1/workflows/slipway-deploy';
const labels = { deployment: 'd1f3k7q2x9ab', fence: '3' };
const execution = (id: string, state: string, own: Record<string, string> = labels) => ({
  name: `${parent}/executions/${id}`,
  state,
  labels: own,
  argument: '{}',
  startTime: '2026-01-01T00:00:00Z',
});

async function open(answer: (seen: Seen) => Answer) {
  const server = await openServer(answer);
  const workflows = createWorkflows({
    endpoint: server.origin,
    project: 'slipway-local',
    region: 'us-central1',
    workflow: 'slipway-deploy',
    rest,
  });
  return { workflows, requests: server.requests };
}

const answering = (json: unknown) => open(() => ({ body: JSON.stringify(json) }));

describe('executions', () => {
  it('are created with argument and labels, once', async () => {
    const { workflows, requests } = await answering(execution('e1', 'ACTIVE'));
    expect(await workflows.create({ deploymentId: 'd1', n: 1 }, labels)).toBe('e1');
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({ method: 'POST', headers: { authorization: `Bearer ${token}` } });
    expect(requests[0]?.url).toMatch(new RegExp(`^/v1/${parent}/executions\\?`));
    expect(JSON.parse(requests[0]?.body ?? '')).toEqual({ argument: '{"deploymentId":"d1","n":1}', labels });
  });

  it.each([
    [429, 'unavailable'],
    [503, 'unavailable'],
    [504, 'timeout'],
    [403, 'permission-denied'],
  ])('are not created again after %i: the first call may have made one', async (status, code) => {
    const { workflows, requests } = await open(() => ({
      status,
      headers: { 'retry-after': '5' },
      body: '{"error":{"message":"no"}}',
    }));
    await expect(workflows.create({}, labels)).rejects.toMatchObject({
      name: 'Fault',
      code,
      retryAfterSeconds: 5,
    });
    expect(requests).toHaveLength(1);
  });

  it.each([
    ['nothing', [], undefined],
    ['the active one, not the newest', [execution('new', 'FAILED'), execution('old', 'ACTIVE')], 'old'],
    ['a queued one', [execution('new', 'FAILED'), execution('old', 'QUEUED')], 'old'],
    ['the newest of those that ended', [execution('new', 'FAILED'), execution('old', 'SUCCEEDED')], 'new'],
    [
      'none of another deployment or fence',
      [
        execution('a', 'ACTIVE', { ...labels, fence: '2' }),
        execution('b', 'ACTIVE', { ...labels, deployment: 'd0' }),
        execution('c', 'ACTIVE', {}),
      ],
      undefined,
    ],
  ])('are found by their labels: %s', async (_, executions, expected) => {
    const { workflows, requests } = await answering({ executions });
    expect(await workflows.find(labels)).toBe(expected);
    const query = new URLSearchParams(requests[0]?.url.replace(/^.*\?/, ''));
    expect(query.get('filter')).toBe('labels.deployment="d1f3k7q2x9ab" AND labels.fence="3"');
    // Only this view shows the labels.
    expect(query.get('view')).toMatch(/^(FULL|2)$/);
  });

  it.each([
    ['ACTIVE', 'active'],
    ['QUEUED', 'active'],
    ['SUCCEEDED', 'succeeded'],
    ['FAILED', 'failed'],
    ['CANCELLED', 'cancelled'],
  ])('in the state %s are %s', async (state, expected) => {
    const { workflows } = await answering(execution('e1', state));
    expect(await workflows.state('e1')).toBe(expected);
  });

  it('whose state cannot be told are a fault, never taken for ended', async () => {
    const { workflows } = await answering(execution('e1', 'UNAVAILABLE'));
    await expect(workflows.state('e1')).rejects.toMatchObject({ name: 'Fault', code: 'unavailable' });
  });

  it('that are unknown have no state', async () => {
    const { workflows } = await open(() => ({ status: 404, body: '{"error":{"status":"NOT_FOUND"}}' }));
    expect(await workflows.state('e1')).toBeUndefined();
  });
});
