import { describe, expect, test } from 'vitest';
import { StepMessage, StepReply } from '#shared/domain/protocol.ts';
import { stepNames } from '#shared/domain/steps.ts';

const message = {
  version: 1,
  deploymentId: 'd00000000001',
  executionId: '3b8c',
  seq: 1,
  step: 'preflight',
  attempt: 1,
  phase: 'candidate',
  callbackUrl: 'https://workflowexecutions.googleapis.com/v1/projects/p/callbacks/c',
  deadline: 1_767_225_780.5,
};

describe('a step message', () => {
  test.each(stepNames)('may be for %s', (step) => {
    expect(StepMessage.parse({ ...message, step })).toEqual({ ...message, step });
  });

  test.each(['candidate', 'after', 'traffic-1', 'traffic-100'])('may be in the phase %s', (phase) => {
    expect(StepMessage.safeParse({ ...message, phase }).success).toBe(true);
  });

  test.each([
    { name: 'another version', change: { version: 2 } },
    { name: 'an unknown step', change: { step: 'celebrate' } },
    { name: 'an unknown field', change: { note: 'hello' } },
    { name: 'no execution', change: { executionId: '' } },
    { name: 'seq 0', change: { seq: 0 } },
    { name: 'a broken seq', change: { seq: 1.5 } },
    { name: 'a seq in text', change: { seq: '1' } },
    { name: 'attempt 0', change: { attempt: 0 } },
    { name: 'a phase with a blank', change: { phase: 'traffic 25' } },
    { name: 'an empty phase', change: { phase: '' } },
    { name: 'a callback that is no address', change: { callbackUrl: 'callbacks/c' } },
    { name: 'a deadline of null', change: { deadline: null } },
    { name: 'a foreign deployment id', change: { deploymentId: '../../etc' } },
  ])('is refused with $name', ({ change }) => {
    expect(StepMessage.safeParse({ ...message, ...change }).success).toBe(false);
  });
});

describe('a step reply', () => {
  test.each([
    { seq: 1, status: 'succeeded', decision: { traffic: [5, 100], build: false } },
    { seq: 1, status: 'rejected', reason: 'unhealthy' },
    {
      seq: 1,
      status: 'failed',
      code: 'timeout',
      message: 'no answer',
      retryable: true,
      retryAfterSeconds: 0,
    },
    { seq: 1, status: 'pending', again: 1_767_225_600 },
    { seq: 1, status: 'not-owner' },
  ])('may be $status and survives JSON', (reply) => {
    expect(StepReply.parse(JSON.parse(JSON.stringify(reply)))).toEqual(reply);
  });

  test.each([
    { name: 'a success without a decision', reply: { seq: 1, status: 'succeeded' } },
    { name: 'a rejection without a reason', reply: { seq: 1, status: 'rejected' } },
    { name: 'a wait without an end', reply: { seq: 1, status: 'pending' } },
    { name: 'an unknown status', reply: { seq: 1, status: 'done' } },
    { name: 'no seq', reply: { status: 'not-owner' } },
    {
      name: 'a negative Retry-After',
      reply: { seq: 1, status: 'failed', code: 'x', message: 'x', retryable: true, retryAfterSeconds: -1 },
    },
  ])('is refused: $name', ({ reply }) => {
    expect(StepReply.safeParse(reply).success).toBe(false);
  });
});
