import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createMetadata } from '#local/metadata/metadata.ts';
import { createTokens } from '#shared/google/auth.ts';
import { closedOrigin, email, openCloud } from './cloud.ts';

afterEach(() => vi.unstubAllEnvs());

async function openMetadata() {
  const cloud = await openCloud();
  const asked: string[] = [];
  const { routes } = createMetadata({
    identity: cloud.identity,
    email,
    projectId: 'slipway-local',
    projectNumber: '424242424242',
    region: 'us-central1',
  });
  const origin = await cloud.listen(
    routes.map((route) => ({
      ...route,
      handle(request) {
        asked.push(request.url.pathname.replace(/^.*\//, ''));
        return route.handle(request);
      },
    })),
  );
  vi.stubEnv('GCE_METADATA_HOST', new URL(origin).host);
  return { ...cloud, asked };
}

describe('tokens', () => {
  it('are those of the account the instance runs as, and kept', async () => {
    const { identity, asked } = await openMetadata();
    const tokens = createTokens();
    const [first, second] = [await tokens.access(), await tokens.access()];
    expect(identity.authenticate(first)).toBe(email);
    expect(second).toBe(first);

    const audience = 'https://hello-abc-uc.a.run.app';
    const identityToken = await tokens.identity(audience);
    expect(await identity.verifyIdToken(identityToken, audience)).toBe(email);
    expect(await tokens.identity(audience)).toBe(identityToken);
    expect(
      await identity.verifyIdToken(await tokens.identity('https://other.test'), audience),
    ).toBeUndefined();
    expect(asked).toEqual(['token', 'identity', 'identity']);
  });

  it("are never made from a person's own credentials", async () => {
    const { identity } = await openMetadata();
    const directory = await mkdtemp(join(tmpdir(), 'slipway-auth-'));
    const file = join(directory, 'credentials.json');
    const person = { type: 'authorized_user', client_id: 'a', client_secret: 'b', refresh_token: 'c' };
    await writeFile(file, JSON.stringify(person));
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', file);
    expect(identity.authenticate(await createTokens().access())).toBe(email);
    await rm(directory, { recursive: true });
  });

  it('are unavailable, with a reason, when there is no metadata server', async () => {
    vi.stubEnv('GCE_METADATA_HOST', new URL(await closedOrigin()).host);
    const tokens = createTokens();
    const refused = (name: string) => ({
      name: 'Fault',
      code: 'unavailable',
      message: expect.stringContaining(`the metadata server gave no ${name}`) as string,
    });
    await Promise.all([
      expect(tokens.access()).rejects.toMatchObject(refused('access token')),
      expect(tokens.identity('https://a.test')).rejects.toMatchObject(
        refused('identity token for https://a.test'),
      ),
    ]);
  });
});
