import { Fault } from '#shared/domain/fault.ts';
import type { Workflows } from '#shared/ports/platform.ts';
import { callOptions, gapicOptions, viaClient } from './gapic.ts';
import { lazy } from './lazy.ts';
import type { Rest } from './rest.ts';

type State = Awaited<ReturnType<Workflows['state']>>;

/** Executions of one workflow. An execution's id is the last part of its name. */
export function createWorkflows(options: {
  endpoint: string;
  project: string;
  region: string;
  workflow: string;
  rest: Rest;
}): Workflows {
  const { project, region, workflow } = options;
  const parent = `projects/${project}/locations/${region}/workflows/${workflow}`;
  const client = lazy(async () => {
    const { ExecutionsClient } = await import('@google-cloud/workflows');
    // This client brings its own copy of the auth library, whose types are not ours; see gapicOptions.
    type Options = NonNullable<ConstructorParameters<typeof ExecutionsClient>[0]>;
    return new ExecutionsClient(gapicOptions(options.endpoint, options.rest) as unknown as Options);
  });

  return {
    async find(labels) {
      // The fields of a filter are documented, the spelling of a label in it is not [unverified]: AIP-160 writes maps so.
      // The labels of what comes back are looked at too (they are in the FULL view only), so a filter can only miss.
      const wanted = Object.entries(labels);
      const filter = wanted.map(([key, value]) => `labels.${key}="${value}"`).join(' AND ');
      const request = { parent, filter, view: 'FULL' as const, pageSize: 100 };
      const [found] = await viaClient('list executions', async () =>
        (await client()).listExecutions(request, { ...callOptions, autoPaginate: false }),
      );
      const ours = found.filter((execution) =>
        wanted.every(([key, value]) => execution.labels?.[key] === value),
      );
      // Newest first, as the API orders them.
      const best = ours.find(({ state }) => state === 'ACTIVE' || state === 'QUEUED') ?? ours[0];
      return best === undefined ? undefined : idOf(best.name);
    },

    async create(argument, labels) {
      const request = { parent, execution: { argument: JSON.stringify(argument), labels } };
      const [execution] = await viaClient(`start ${workflow}`, async () =>
        (await client()).createExecution(request, callOptions),
      );
      return idOf(execution.name);
    },

    async state(executionId) {
      const name = `${parent}/executions/${executionId}`;
      try {
        const [execution] = await viaClient(`get execution ${executionId}`, async () =>
          (await client()).getExecution({ name, view: 'BASIC' }, callOptions),
        );
        return stateOf(execution.state, name);
      } catch (error) {
        if (error instanceof Fault && error.code === 'not-found') return undefined;
        throw error;
      }
    },

    async cancel(executionId) {
      await viaClient(`cancel execution ${executionId}`, async () =>
        (await client()).cancelExecution({ name: `${parent}/executions/${executionId}` }, callOptions),
      );
    },
  };
}

/** @throws Fault for UNAVAILABLE (its data cannot be decrypted) and states that do not exist yet: neither is an end */
function stateOf(state: unknown, name: string | null | undefined): State {
  switch (state) {
    case 'ACTIVE':
    case 'QUEUED':
      return 'active';
    case 'SUCCEEDED':
      return 'succeeded';
    case 'FAILED':
      return 'failed';
    case 'CANCELLED':
      return 'cancelled';
    default:
      throw new Fault('unavailable', `execution ${name ?? ''} is in the state "${String(state)}"`);
  }
}

function idOf(name: string | null | undefined): string {
  const id = name?.split('/').at(-1);
  if (id) return id;
  throw new Fault('internal', 'Workflows answered with an execution that has no name');
}
