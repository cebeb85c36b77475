import { describe, expect, test } from 'vitest';
import { manifest } from './manifest.ts';
import { attributesOf, readModule, type Block } from './module.ts';

/** Values and pairs that Google checks and no schema does: documentation of the REST resources behind the provider. */

const { resources, text } = readModule('terraform');

/** Words that an attribute may have. */
const words: Record<string, string[]> = {
  call_log_level: ['LOG_ALL_CALLS', 'LOG_ERRORS_ONLY', 'LOG_NONE'],
  combiner: ['AND', 'OR', 'AND_WITH_MATCHING_RESOURCE'],
  comparison: ['COMPARISON_GT', 'COMPARISON_LT'],
  concurrency_mode: ['OPTIMISTIC', 'PESSIMISTIC', 'OPTIMISTIC_WITH_ENTITY_GROUPS'],
  delete_protection_state: ['DELETE_PROTECTION_ENABLED', 'DELETE_PROTECTION_DISABLED'],
  deletion_policy: ['ABANDON', 'DELETE', 'PREVENT'],
  format: ['DOCKER'],
  ingress_settings: ['ALLOW_ALL', 'ALLOW_INTERNAL_ONLY', 'ALLOW_INTERNAL_AND_GCLB'],
  metric_kind: ['DELTA', 'GAUGE', 'CUMULATIVE'],
  order: ['ASCENDING', 'DESCENDING'],
  per_series_aligner: ['ALIGN_MAX', 'ALIGN_DELTA', 'ALIGN_RATE', 'ALIGN_SUM'],
  point_in_time_recovery_enablement: ['POINT_IN_TIME_RECOVERY_ENABLED', 'POINT_IN_TIME_RECOVERY_DISABLED'],
  public_access_prevention: ['enforced', 'inherited'],
  query_scope: ['COLLECTION', 'COLLECTION_GROUP'],
  type: ['FIRESTORE_NATIVE', 'email', 'Delete'],
  value_type: ['BOOL', 'INT64', 'DOUBLE', 'STRING', 'DISTRIBUTION'],
  vpc_connector_egress_settings: ['ALL_TRAFFIC', 'PRIVATE_RANGES_ONLY'],
};

/** A value as written, or the quoted ones of an expression that has no reference in them. */
const literals = (value: unknown): string[] => {
  if (typeof value !== 'string') return [];
  return value.startsWith('${')
    ? [...value.matchAll(/[?:] "([^"$]+)"/g)].map(([, word = '']) => word)
    : [value];
};

const written = resources.flatMap(({ address, body }) =>
  attributesOf(body).flatMap(([name, value]) => literals(value).map((word) => ({ address, name, word }))),
);

test.each(written.filter(({ name }) => name in words))('$address: $name may be $word', ({ name, word }) => {
  expect(words[name]).toContain(word);
});

test('every word in capitals is one that this test knows', () => {
  const shouting = written.filter(
    ({ name, word }) => /^[A-Z][A-Z_]{3,}$/.test(word) && !(name in words) && name !== 'dashboard_json',
  );
  expect(shouting).toEqual([]);
  const inDashboard = [...text.matchAll(/(?:perSeriesAligner|crossSeriesReducer|plotType) += (.*)/g)].flatMap(
    ([, value = '']) => value.match(/"([A-Z_]+)"/g) ?? [],
  );
  expect(new Set(inDashboard)).toEqual(
    new Set(['"STACKED_BAR"', '"ALIGN_MAX"', '"ALIGN_DELTA"', '"REDUCE_SUM"']),
  );
});

const durations = written.filter(({ name }) =>
  /^(duration|period|alignment_period|auto_close|.*_duration|.*_backoff)$/.test(name),
);
test.each(durations)('$address: $name is a duration in seconds: $word', ({ word }) => {
  expect(word).toMatch(/^\d+s$|^\$\{/);
});

describe('what goes together', () => {
  const ofType = (type: string) => resources.filter((each) => each.type === type);
  const blockOf = (body: Block, name: string): Block | undefined => (body[name] as Block[] | undefined)?.[0];

  test.each(ofType('google_pubsub_subscription'))('$address never expires', ({ body }) => {
    expect(blockOf(body, 'expiration_policy')).toEqual({ ttl: '' });
  });

  test('a push has an account and the address of its function as the audience', () => {
    const push = blockOf(
      ofType('google_pubsub_subscription').find(({ name }) => name === 'main')?.body ?? {},
      'push_config',
    );
    const { audience, service_account_email } = blockOf(push ?? {}, 'oidc_token') ?? {};
    expect(service_account_email).toBe('${google_service_account.main["pubsub-push"].email}');
    expect(String(push?.['push_endpoint'])).toBe(`${String(audience)}/\${each.value.path}`);
    expect(audience).toBe(
      '${google_cloudfunctions2_function.main[each.value.function].service_config[0].uri}',
    );
  });

  test("dead letters: Pub/Sub's agent may publish them and take them from their subscription", () => {
    const grants = resources.filter(({ body }) => body['member'] === '${local.pubsub_agent}');
    expect(grants.map(({ address }) => address).sort()).toEqual([
      'google_pubsub_subscription_iam_member.dead_letters',
      'google_pubsub_topic_iam_member.dead_letters',
      'google_service_account_iam_member.push',
    ]);
  });

  test.each(ofType('google_monitoring_alert_policy'))('$address tells somebody', ({ body }) => {
    expect(body['notification_channels']).toBe('${local.channels}');
    const condition = blockOf(body, 'conditions') ?? {};
    const isLog = 'condition_matched_log' in condition;
    // An alert on log entries is refused without a limit, any other one with it.
    expect('notification_rate_limit' in (blockOf(body, 'alert_strategy') ?? {})).toBe(isLog);
  });

  test('functions have no trigger of their own, and a build account', () => {
    const [fn] = ofType('google_cloudfunctions2_function');
    expect(fn?.body).not.toHaveProperty('event_trigger');
    expect(blockOf(fn?.body ?? {}, 'build_config')).toHaveProperty('service_account');
  });

  test('functions are told of a connector, and only those that call services have it', () => {
    expect(text).toMatch(/SLIPWAY_PROBE_VPC_CONNECTOR += var\.probe_vpc_connector\n/);
    const [fn] = ofType('google_cloudfunctions2_function');
    const { vpc_connector, vpc_connector_egress_settings } = blockOf(fn?.body ?? {}, 'service_config') ?? {};
    const calls = 'contains(keys(each.value.may), "call-services")';
    expect(vpc_connector).toBe(`\${${calls} ? var.probe_vpc_connector : null}`);
    // A service's address is a public one: what goes to private ranges alone would not pass through the VPC.
    expect(vpc_connector_egress_settings).toContain(
      `${calls} && var.probe_vpc_connector != null ? "ALL_TRAFFIC"`,
    );
    const asking = manifest.targets.filter(({ may }) => 'call-services' in may).map(({ name }) => name);
    expect(asking).toEqual(
      expect.arrayContaining(['health-probe', 'validate', 'rollback', 'commands', 'api']),
    );
  });

  test('several requests at once take a whole processor', () => {
    expect(Number(manifest.defaults.cpu)).toBeGreaterThanOrEqual(1);
    for (const { concurrency = manifest.defaults.concurrency } of manifest.targets)
      expect(concurrency).toBeLessThanOrEqual(1000);
  });

  test('only what is called from outside is reachable from outside', () => {
    const open = manifest.targets
      .filter((target) => 'ingress' in target)
      .map(({ name, kind }) => ({ name, kind }));
    expect(open).toEqual([
      { name: 'chatops', kind: 'http' },
      { name: 'api', kind: 'http' },
    ]);
    expect(manifest.defaults.ingress).toBe('internal');
  });

  test('names fit: service accounts have 6 to 30 characters, custom roles 3 to 64', () => {
    const longest = 16;
    for (const { name } of manifest.targets) expect(longest + 1 + name.length).toBeLessThanOrEqual(30);
    for (const account of text.match(/account_id +=.*/g) ?? [])
      expect(longest + (/\}(-[\w-]+)"/.exec(account)?.[1]?.length ?? 0)).toBeLessThanOrEqual(30);
    for (const name of Object.keys(manifest.capabilities))
      expect(longest + 1 + name.length).toBeLessThanOrEqual(64);
  });
});
