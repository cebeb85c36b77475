import type { ServiceConfig } from '#shared/domain/service.ts';
import { undeclared, type Judgement } from './rule.ts';

/** What else in the file shows that there is what a section of `app` is about. */
const shown = {
  database: ({ runtime: { cloudSql } }: ServiceConfig): string | undefined =>
    cloudSql.length === 0 ? undefined : `runtime.cloudSql names ${cloudSql.join(', ')}: declare its pool`,
  webSocket({ suites }: ServiceConfig): string | undefined {
    const suite = suites.find(({ checks }) => checks.some(({ kind }) => kind === 'websocket'));
    return suite && `a check of the suite "${suite.title}" opens a WebSocket`;
  },
  loadBalancer({ suites, runtime }: ServiceConfig): string | undefined {
    const suite = suites.find(({ through }) => through === 'load-balancer');
    if (suite) return `the suite "${suite.title}" is asked through one: declare its host`;
    const { ingress } = runtime;
    return ingress === 'internal-and-cloud-load-balancing'
      ? `runtime.ingress is ${ingress}: declare its host`
      : undefined;
  },
};

/**
 * What a rule says where `app` lacks the section that it is about: nothing where the rule has no meaning, and `not-run`
 * where another part of the file shows that it has.
 */
export function withoutSection(
  config: ServiceConfig,
  section: keyof typeof shown,
): (Judgement & { outcome: 'not-run' }) | undefined {
  const why = shown[section](config);
  return why === undefined ? undefined : undeclared(`app.${section}`, why);
}

/** That there is a database whose timeout nobody declares; undefined when it is declared, or nothing shows a database. */
export const unknownDatabaseTimeout = (config: ServiceConfig): Judgement | undefined => {
  const database = config.app?.database;
  if (database === undefined) return withoutSection(config, 'database');
  return database.timeout === undefined ? undeclared('app.database.timeout') : undefined;
};
