import type { WebClient } from '@slack/web-api';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { parse } from 'yaml';
import { appManifest } from '#shared/slack/manifest.ts';
import { optionalScopes, scopes } from '#shared/slack/scopes.ts';
import { runHere } from './run-cli.ts';

const url = 'https://chatops-abc123-uc.a.run.app';
const manifest = (...words: string[]) => runHere(['slack', 'manifest', '--url', url, ...words]);
type Manifest = ReturnType<typeof appManifest>;
const parsed = async (...words: string[]): Promise<Manifest> =>
  parse((await manifest(...words)).stdout) as Manifest;
const required = scopes.filter(({ isRequired }) => isRequired).map(({ name }) => name);

describe('slack manifest', () => {
  it('is the whole app, as YAML', async () => {
    const { code, stdout, stderr } = await manifest();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatchInlineSnapshot(`
      "display_information:
        name: Slipway
        description: Deploys to Cloud Run, and says what became of it
      features:
        bot_user:
          display_name: slipway
          always_online: true
        slash_commands:
          - command: /deploy
            url: https://chatops-abc123-uc.a.run.app
            description: Deploy services and see what became of it
            usage_hint: SERVICE ENVIRONMENT [TAG] | status | rollback | cancel | history | help
            should_escape: true
      oauth_config:
        scopes:
          bot:
            - commands
            - chat:write
            - usergroups:read
            - users:read
            - users:read.email
      settings:
        interactivity:
          is_enabled: true
          request_url: https://chatops-abc123-uc.a.run.app
        org_deploy_enabled: false
        socket_mode_enabled: false
        token_rotation_enabled: false
      "
    `);
  });

  it("has the shape of the official client's manifests", () => {
    type Given = Parameters<WebClient['apps']['manifest']['validate']>[0];
    const manifest: Manifest = appManifest({ url, command: '/deploy', name: 'Slipway', optional: [] });
    expectTypeOf(manifest).toExtend<Given['manifest']>();
  });

  it('asks for the scopes that are needed and for no other', async () => {
    expect((await parsed()).oauth_config.scopes.bot).toEqual(required);
  });

  it('asks for other scopes one by one, or for all of them', async () => {
    expect((await parsed('--with', 'groups:history')).oauth_config.scopes.bot).toEqual([
      ...required,
      'groups:history',
    ]);
    expect((await parsed('--with', 'all')).oauth_config.scopes.bot).toEqual([...required, ...optionalScopes]);
  });

  it('has one address for commands and buttons', async () => {
    const { features, settings } = await parsed();
    expect(features.slash_commands.map((command) => command.url)).toEqual([url]);
    expect(settings.interactivity.request_url).toBe(url);
  });

  it('takes command and name as told, and calls the bot as Slack allows', async () => {
    const { display_information, features } = await parsed('--command', '/ship', '--name', 'Ship It');
    expect(features.slash_commands[0]?.command).toBe('/ship');
    expect(display_information.name).toBe('Ship It');
    expect(features.bot_user.display_name).toBe('ship-it');
  });

  it('says the same as JSON', async () => {
    expect(JSON.parse((await manifest('--json')).stdout)).toEqual(await parsed());
  });

  it('takes the address from the environment', async () => {
    const { stdout } = await runHere(['slack', 'manifest'], { SLIPWAY_CHATOPS_URL: url });
    expect((parse(stdout) as Manifest).settings.interactivity.request_url).toBe(url);
  });

  it.each([
    [[], '--url: expected the https:// address of the chatops function'],
    [['--url', 'http://example.com'], '--url: expected the https:// address'],
    [['--url', url, '--command', 'deploy'], '--command: expected / and 1 to 31 small letters'],
    [['--url', url, '--name', 'x'.repeat(36)], '--name: expected 1 to 35 letters'],
    [['--url', url, '--with', 'admin'], '--with: Invalid option: expected one of'],
  ])('refuses %j', async (words, says) => {
    const { code, stdout, stderr } = await runHere(['slack', 'manifest', ...words]);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(says);
  });
});
