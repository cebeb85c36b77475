import { Fault } from '#shared/domain/fault.ts';
import type { Pager, Responder, SlackDirectory, SlackMessage, SlackProfile } from '#shared/ports/people.ts';

export interface FakeDirectory extends SlackDirectory {
  users: Map<string, SlackProfile>;
  /** A Fault is what asking for it ends with. */
  groups: Map<string, string[] | Fault>;
  /** `down`: Slack gives no answer. */
  mood: 'well' | 'down';
  /** How often Slack was asked. */
  asked: number;
}

/** The workspace T0LOCAL: ana may be asked for by e-mail, lee and sam too; zoe shows no address. */
export function createFakeDirectory(): FakeDirectory {
  const member = (name: string, change: Partial<SlackProfile> = {}): [string, SlackProfile] => [
    `U0${name.toUpperCase()}`,
    { email: `${name}@example.com`, team: 'T0LOCAL', name, isBot: false, isDeleted: false, ...change },
  ];
  const { email: _none, ...zoe } = member('zoe')[1];
  const ask = (): void => {
    directory.asked += 1;
    if (directory.mood === 'down') throw new Fault('unavailable', 'Slack gave no answer');
  };
  const directory: FakeDirectory = {
    users: new Map([
      member('ana'),
      member('lee'),
      member('sam'),
      ['U0ZOE', zoe],
      member('robot', { isBot: true }),
      member('gone', { isDeleted: true }),
      member('guest', { team: 'T0OTHER' }),
    ]),
    groups: new Map<string, string[] | Fault>([['S0DEPLOYERS', ['U0ANA', 'U0LEE']]]),
    mood: 'well',
    asked: 0,
    async user(id) {
      ask();
      return directory.users.get(id);
    },
    async groupMembers(group) {
      ask();
      const found = directory.groups.get(group);
      if (found instanceof Fault) throw found;
      if (!found) throw new Fault('not-found', `Slack knows no user group ${group}`);
      return found;
    },
  };
  return directory;
}

interface Answered {
  url: string;
  message: SlackMessage | 'remove';
  inChannel: boolean;
  replace: boolean;
}

export interface FakeResponder extends Responder {
  answers: Answered[];
  /** `down`: no answer; `used-up`: Slack takes no more. */
  mood: 'well' | 'down' | 'used-up';
}

export function createFakeResponder(): FakeResponder {
  const responder: FakeResponder = {
    answers: [],
    mood: 'well',
    async respond(url, message, { inChannel = false, replace = false } = {}) {
      if (responder.mood === 'down') throw new Fault('unavailable', 'Slack gave no answer');
      if (responder.mood === 'used-up') throw new Fault('invalid-input', 'the address is used up');
      responder.answers.push({ url, message, inChannel, replace });
    },
  };
  return responder;
}

export interface FakePager extends Pager {
  pages: Parameters<Pager['page']>[0][];
  mood: 'well' | 'down';
}

export function createFakePager(): FakePager {
  const pager: FakePager = {
    pages: [],
    mood: 'well',
    async page(page) {
      if (pager.mood === 'down') throw new Fault('unavailable', 'the pager gave no answer');
      pager.pages.push(page);
    },
  };
  return pager;
}
