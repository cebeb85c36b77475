import type { SqlInstance } from '#shared/ports/look-ups.ts';
import type { Question } from './question.ts';
import type { Scene } from './scene.ts';

/** @param connection `PROJECT:REGION:INSTANCE` */
export const sqlInstance = ({ look, deps }: Scene, connection: string): Promise<SqlInstance | undefined> => {
  const [project = '', , name = ''] = connection.split(':');
  return look.at(`Cloud SQL instance ${project}:${name}`, () =>
    deps.lookUps.cloudSql.instance(project, name),
  );
};

/** Each Cloud SQL instance runs, and is called as the file calls it. */
export function cloudSqlQuestions(scene: Scene): Question[] {
  return scene.config.runtime.cloudSql.flatMap((connection): Question[] => {
    const base = {
      suite: 'Cloud SQL',
      source: `Cloud SQL Admin ${connection}`,
      unanswered: 'advisory' as const,
      grant: 'roles/cloudsql.viewer',
    };
    return [
      {
        ...base,
        id: `${connection}/state`,
        title: `Cloud SQL instance ${connection} runs`,
        asked: 'state',
        expected: 'RUNNABLE and not stopped',
        async ask() {
          const found = await sqlInstance(scene, connection);
          if (!found) return { pass: false, observed: 'no such instance' };
          const stopped = found.activationPolicy === 'NEVER';
          return { pass: found.state === 'RUNNABLE' && !stopped, observed: inWords(found) };
        },
      },
      {
        ...base,
        id: `${connection}/name`,
        title: `Cloud SQL connection name ${connection} is right`,
        asked: 'connectionName',
        expected: connection,
        async ask() {
          const found = await sqlInstance(scene, connection);
          if (!found) return { notRun: `there is no instance ${connection}`, severity: 'advisory' };
          return { pass: found.connectionName === connection, observed: found.connectionName };
        },
      },
    ];
  });
}

const inWords = (found: SqlInstance): string =>
  [
    found.state,
    ...(found.activationPolicy === 'NEVER' ? ['stopped (activation policy NEVER)'] : []),
    found.databaseVersion,
    ...(found.tier === undefined ? [] : [found.tier]),
    found.maxConnections === undefined
      ? 'max_connections as the tier has it'
      : `max_connections ${found.maxConnections}`,
    `SSL ${found.sslMode ?? 'mode not set'}`,
    ...(found.hasPublicIp ? ['public IP'] : []),
    ...(found.privateNetwork === undefined ? [] : ['private IP']),
  ].join(', ');
