// What the service is told in its environment. What is missing ends it at start: half a configuration is none.

/** Every variable that holds a secret. */
const secretNames = [
  'POSTGRES_HOST',
  'POSTGRES_DB',
  'POSTGRES_USER',
  'POSTGRES_PASSWORD',
  'JWT_SECRET_KEY',
  'JWT_SECRET',
  'JWT_SECRET_STAGING',
  'SECRET_KEY',
  'SERVICE_ID',
  'SERVICE_SECRET',
  'FERNET_KEY',
  'GOOGLE_CLIENT_ID',
  'GOOGLE_CLIENT_SECRET',
  'GOOGLE_OAUTH_CLIENT_ID_STAGING',
  'GOOGLE_OAUTH_CLIENT_SECRET_STAGING',
  'REDIS_HOST',
  'REDIS_PASSWORD',
  'CLICKHOUSE_HOST',
  'CLICKHOUSE_PASSWORD',
  'OPENAI_API_KEY',
  'ANTHROPIC_API_KEY',
  'GEMINI_API_KEY',
  'SMTP_PASSWORD',
  'WEBHOOK_SECRET',
];

/** @throws Error that names everything that is missing or no number; never a value */
export function settingsOf(env) {
  const missing = secretNames.filter((name) => !env[name]);
  const number = (name) => {
    if (!/^\d+$/.test(env[name] ?? '')) missing.push(name);
    return Number(env[name]);
  };
  const settings = {
    port: Number(env.PORT ?? 8080),
    release: env.K_REVISION ?? 'local',
    /** How many secrets arrived. */
    secrets: secretNames.length,
    pool: {
      size: number('DATABASE_POOL_SIZE'),
      overflow: number('DATABASE_MAX_OVERFLOW'),
      timeoutSeconds: number('DATABASE_TIMEOUT_SECONDS'),
    },
    webSocketIdleSeconds: number('WEBSOCKET_IDLE_SECONDS'),
    /** Failures on purpose, asked for by a header: for staging only. */
    drills: env.DRILLS === 'on',
  };
  if (missing.length > 0) throw new Error(`not in the environment: ${missing.join(', ')}`);
  return settings;
}
