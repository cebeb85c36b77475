import { Fault } from '#shared/domain/fault.ts';
import type { Slack, SlackMessage } from '#shared/ports.ts';

interface Said extends SlackMessage {
  ts: string;
  threadTs?: string;
  broadcast?: boolean;
  subject?: string;
  edits: number;
}

export interface FakeSlack extends Slack {
  messages: Said[];
  roots(): Said[];
  /** `refuses`: Slack's "no"; `down`: no answer; `deaf`: the message lands, its answer is lost. */
  mood: 'well' | 'refuses' | 'down' | 'deaf';
}

/** One workspace; a message once posted can be edited and found. */
export function createFakeSlack(): FakeSlack {
  let count = 0;
  const channel = 'C0000001';
  const lost = (): never => {
    throw new Fault('unavailable', 'Slack gave no answer');
  };
  const slack: FakeSlack = {
    messages: [],
    mood: 'well',
    roots: () => slack.messages.filter(({ threadTs }) => threadTs === undefined),
    async post(_channel, message, options = {}) {
      if (slack.mood === 'down') lost();
      if (slack.mood === 'refuses') return { ok: false, error: 'not_in_channel' };
      const ts = `1767225600.${String((count += 1)).padStart(6, '0')}`;
      slack.messages.push({ ...message, ...options, ts, edits: 0 });
      if (slack.mood === 'deaf') lost();
      return { ok: true, ts, channel };
    },
    async update(_channel, ts, message) {
      if (slack.mood === 'down') lost();
      if (slack.mood === 'refuses') return { ok: false, error: 'not_in_channel' };
      const known = slack.messages.find((said) => said.ts === ts);
      if (!known) return { ok: false, error: 'message_not_found' };
      Object.assign(known, message, { edits: known.edits + 1 });
      return { ok: true, ts, channel };
    },
    async findRoot(_channel, subject) {
      if (slack.mood === 'down') lost();
      return slack.messages.find((said) => said.subject === subject)?.ts;
    },
  };
  return slack;
}
