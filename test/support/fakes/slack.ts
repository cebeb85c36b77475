import { Fault } from '#shared/domain/fault.ts';
import type { Slack, SlackAnswer, SlackMessage } from '#shared/ports/people.ts';

interface Said extends SlackMessage {
  /** Its id. */
  channel: string;
  ts: string;
  threadTs?: string;
  broadcast?: boolean;
  subject?: string;
  edits: number;
}

export interface FakeSlack extends Slack {
  messages: Said[];
  /** The one message of each deployment and approval, not what is said besides. */
  roots(): Said[];
  /** What is said besides: `alarm`, `call`, `reminder`. */
  besides(what: string): Said[];
  /** `refuses`: Slack's "no"; `down`: no answer; `deaf`: messages land, their answers are lost; `busy`: come back in 30 s. */
  mood: 'well' | 'refuses' | 'down' | 'deaf' | 'busy';
  /** Slack's "no" to whatever is written to a channel, by its name or its id. */
  refusals: Map<string, string>;
  /** Calls of the Web API so far. */
  calls: number;
  /** `C0000001` for the first channel that is named, and so on. */
  idOf(channel: string): string;
}

/** One workspace; a message once posted can be edited, by its channel's id only, and found. */
export function createFakeSlack(): FakeSlack {
  let count = 0;
  const ids = new Map<string, string>();
  function meet(channel: string): SlackAnswer | undefined {
    slack.calls += 1;
    if (slack.mood === 'down') throw new Fault('unavailable', 'Slack gave no answer');
    if (slack.mood === 'busy') throw new Fault('unavailable', 'called too often', { retryAfterSeconds: 30 });
    if (slack.mood === 'refuses') return { ok: false, error: 'not_in_channel' };
    const no = [...slack.refusals].find(([refused]) => slack.idOf(refused) === slack.idOf(channel));
    return no && { ok: false, error: no[1] };
  }
  function answer(ts: string, channel: string): SlackAnswer {
    if (slack.mood === 'deaf') throw new Fault('unavailable', 'Slack gave no answer');
    return { ok: true, ts, channel };
  }
  const slack: FakeSlack = {
    messages: [],
    mood: 'well',
    refusals: new Map(),
    calls: 0,
    roots: () => slack.messages.filter(({ subject }) => subject?.includes('/') === false),
    besides: (what) => slack.messages.filter(({ subject }) => subject?.endsWith(`/${what}`)),
    idOf(name) {
      if (!name.startsWith('#')) return name;
      const id = ids.get(name) ?? `C${String(ids.size + 1).padStart(7, '0')}`;
      ids.set(name, id);
      return id;
    },
    async post(name, message, options = {}) {
      const no = meet(name);
      if (no) return no;
      const ts = `1767225600.${String((count += 1)).padStart(6, '0')}`;
      const channel = slack.idOf(name);
      slack.messages.push({ ...message, ...options, channel, ts, edits: 0 });
      return answer(ts, channel);
    },
    async update(channel, ts, message) {
      const no = meet(channel);
      if (no) return no;
      const known = slack.messages.find((said) => said.channel === channel && said.ts === ts);
      if (!known) return { ok: false, error: 'message_not_found' };
      Object.assign(known, message, { edits: known.edits + 1 });
      return answer(ts, channel);
    },
    async findRoot(name, subject, threadTs) {
      slack.calls += 1;
      if (slack.mood === 'down') throw new Fault('unavailable', 'Slack gave no answer');
      const channel = slack.idOf(name);
      const found = slack.messages.findLast(
        (said) =>
          said.channel === channel &&
          said.subject === subject &&
          (said.broadcast === true || said.threadTs === threadTs),
      );
      return found && { ts: found.ts, channel };
    },
  };
  return slack;
}
