import type { Deployment } from './deployment.ts';

/** With it an image says of itself whether one can go back from it: `never` or `automatic`. */
export const rollBackLabel = 'dev.slipway.rollback';

/**
 * What says that going back from this release may do harm, because what served before may not work with the data any
 * more. Service file or image: either is enough, and neither can take back what the other says.
 * @returns undefined when it may be rolled back like any other
 */
export function notSafeToRollBack({ config, release }: Deployment): string | undefined {
  const said = [
    ...(config.policy.rollBack === 'never' ? ['policy.rollBack is never'] : []),
    ...(release?.rollBack === 'never' ? [`its image has the label ${rollBackLabel}: never`] : []),
  ];
  return said.length === 0 ? undefined : said.join(' and ');
}
