import { describe, expect, it } from 'vitest';
import { Fault } from '#shared/domain/fault.ts';
import { createPager } from '#shared/pager.ts';
import { answering, type Answer } from '#test/support/web-answers.ts';

const page = { key: 'd00000000001', summary: 'a person is needed', details: { service: 'hello' } };

async function setUp(answer: () => Answer | undefined) {
  const server = await answering(answer);
  const url = `${server.origin}/secret-path`;
  return { ...server, pager: createPager({ url, key: 'secret-key', timeoutMs: 100 }), url };
}

describe('the pager', () => {
  it('is told of an alarm once, however often it is told', async () => {
    const { pager, requests } = await setUp(() => ({ status: 202, body: '{"status":"success"}' }));
    await pager.page(page);
    await pager.page(page);
    const event = {
      routing_key: 'secret-key',
      event_action: 'trigger',
      dedup_key: 'd00000000001',
      payload: {
        summary: 'a person is needed',
        source: 'slipway',
        severity: 'critical',
        custom_details: { service: 'hello' },
      },
    };
    expect(requests.map(({ body }) => body)).toEqual([event, event]);
  });

  it('is told without a key where it wants none', async () => {
    const { url, requests } = await setUp(() => ({ status: 200 }));
    await createPager({ url }).page(page);
    expect(requests[0]?.body).not.toHaveProperty('routing_key');
  });

  it.each<[string, Answer | undefined, object]>([
    ['refuses', { status: 400 }, { code: 'invalid-input', retryable: false }],
    [
      'leads elsewhere',
      { status: 307, headers: { location: 'https://example.com' } },
      { code: 'invalid-input' },
    ],
    ['is called too often', { status: 429 }, { code: 'unavailable', retryable: true }],
    ['is broken', { status: 503 }, { code: 'unavailable', retryable: true }],
    ['does not answer', undefined, { code: 'timeout', retryable: true }],
  ])('that %s is told so without its address and key', async (_, answer, expected) => {
    const { pager, requests } = await setUp(() => answer);
    const fault: unknown = await pager.page(page).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(Fault);
    expect(fault).toMatchObject(expected);
    expect(`${String(fault)} ${(fault as Fault).stack}`).not.toMatch(/secret|127\.0\.0\.1/);
    expect(requests).toHaveLength(1);
  });
});
