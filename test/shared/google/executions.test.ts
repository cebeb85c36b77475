import { expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { createWorkflows as createLocalWorkflows } from '#local/executions/executions.ts';
import { createCallback } from '#shared/google/callback.ts';
import { createWorkflows } from '#shared/google/workflows.ts';
import { email, openCloud } from './cloud.ts';

/** Waits for a callback, and fails when that says so. */
const sourceContents = `
main:
  params: [input]
  steps:
    - endpoint:
        call: events.create_callback_endpoint
        args: {http_callback_method: POST}
        result: endpoint
    - wait:
        call: events.await_callback
        args:
          callback: \${endpoint}
          timeout: 60
        result: reply
    - decide:
        switch:
          - condition: \${reply.http_request.body.fail}
            raise: asked to fail
    - done:
        return: \${input.who}
`;
const labels = { deployment: 'd1f3k7q2x9ab', fence: '3' };
const place = 'projects/slipway-local/locations/us-central1';

async function openWorkflows() {
  const cloud = await openCloud();
  const local = createLocalWorkflows({
    ...cloud,
    project: 'slipway-local',
    projectNumber: '424242424242',
    location: 'us-central1',
    origin: () => endpoint,
    serviceAccount: email,
  });
  onTestFinished(() => local.stop());
  const endpoint: string = await cloud.listen(local.routes);
  await cloud.rest.call({
    url: `${endpoint}/v1/${place}/workflows?workflowId=slipway-deploy`,
    method: 'POST',
    body: JSON.stringify({ sourceContents }),
  });
  const where = { project: 'slipway-local', region: 'us-central1', workflow: 'slipway-deploy' };
  const workflows = createWorkflows({ endpoint, rest: cloud.rest, ...where });
  const Callbacks = z.object({ callbacks: z.array(z.object({ name: z.string() })).min(1) });
  const callbackOf = (id: string) =>
    vi.waitFor(async () => {
      const url = `${endpoint}/v1/${place}/workflows/slipway-deploy/executions/${id}/callbacks`;
      const { callbacks } = await cloud.rest.json(Callbacks, { url });
      return `${endpoint}/v1/${callbacks[0]?.name}`;
    });
  const ended = (id: string) =>
    vi.waitFor(async () => {
      const state = await workflows.state(id);
      expect(state).not.toBe('active');
      return state;
    });
  return { workflows, callback: createCallback({ rest: cloud.rest }), callbackOf, ended };
}

it('an execution is started, found by its labels, answered through its callback, cancelled, and told to have ended', async () => {
  const { workflows, callback, callbackOf, ended } = await openWorkflows();
  expect(await workflows.find(labels)).toBeUndefined();
  const failing = await workflows.create({ who: 'test' }, labels);
  const waiting = await workflows.create({ who: 'test' }, labels);
  const unwanted = await workflows.create({ who: 'test' }, { ...labels, fence: '2' });
  const later = await workflows.create({ who: 'test' }, { ...labels, fence: '4' });
  expect(new Set([failing, waiting, later]).size).toBe(3);
  expect(await workflows.state(failing)).toBe('active');
  await workflows.cancel(unwanted);
  expect(await ended(unwanted)).toBe('cancelled');
  await expect(workflows.cancel(unwanted)).rejects.toThrow(/has ended: it is CANCELLED/);
  expect(await workflows.find({ ...labels, fence: '4' })).toBe(later);

  const url = await callbackOf(failing);
  expect(await callback.post(url, { fail: true })).toBe(200);
  expect(await ended(failing)).toBe('failed');
  expect(await callback.post(url, { fail: true })).toBe(404);
  expect(await workflows.find(labels)).toBe(waiting);

  expect(await callback.post(await callbackOf(waiting), { fail: false })).toBe(200);
  expect(await ended(waiting)).toBe('succeeded');
  expect([failing, waiting]).toContain(await workflows.find(labels));
  expect(await workflows.state('00000000-0000-4000-8000-000000000000')).toBeUndefined();
});
