import { createServer } from 'node:http';
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { createIdentity } from '#local/identity/identity.ts';
import { createListeners } from '#local/listeners.ts';
import { openStore } from '#local/store.ts';
import { systemClock } from '#shared/clock.ts';

const store = openStore(':memory:');
const identity = await createIdentity({ store, clock: systemClock, issuer: 'https://accounts.test' });
const open = () => createListeners({ store, identity, onError: () => undefined });

it('a name has the port it had before: addresses that were printed stay true', async () => {
  const first = open();
  const { port } = await first.listen('cloud', []);
  const other = await first.listen('registry', []);
  expect(other.port).not.toBe(port);
  await first.close();
  const second = open();
  onTestFinished(() => second.close());
  expect((await second.listen('cloud', [])).port).toBe(port);
});

it('a port that is taken is said, with what is probably so', async () => {
  const before = open();
  const { port } = await before.listen('taken', []);
  await before.close();
  const somebody = createServer().listen(port, '127.0.0.1');
  await once(somebody, 'listening');
  onTestFinished(() => void somebody.close());
  await expect(open().listen('taken', [])).rejects.toThrow(
    new RegExp(`cannot listen on its port ${port}: .*Is it running already\\?`),
  );
});
