import { z } from 'zod';
import { parseFilter } from './filter.ts';
import { orderBy } from './fields.ts';
import { entryFields, entryOrder, type StepEntry } from './history.ts';
import { executionName, executionOf, locationPath, type RouteContext } from './place.ts';
import { pageOf, pageQuery, queryOf } from './query.ts';
import { isActive } from './resources.ts';
import { GoogleError } from '#local/google-error.ts';
import { parsedBody, type Route } from '#local/http.ts';

const executionPath = `${locationPath}/workflows/{workflow}/executions/{execution}`;
const pageSizes = { standard: 1000, max: 1000 };

/** Deprecated in favour of the execution's level, and still taken. */
const EntryView = z
  .enum(['EXECUTION_ENTRY_VIEW_UNSPECIFIED', 'EXECUTION_ENTRY_VIEW_BASIC', 'EXECUTION_ENTRY_VIEW_DETAILED'])
  .optional();
type EntryView = z.infer<typeof EntryView>;

/** The step entries of an execution: get, list, and deleting them once it has ended. */
export function historyRoutes(context: RouteContext): Route[] {
  return [
    {
      method: 'GET',
      path: `${executionPath}/stepEntries`,
      handle(request) {
        const query = queryOf(request, {
          ...pageQuery,
          view: EntryView,
          skip: z.coerce.number().int().min(0).optional(),
          filter: z.string().default(''),
          orderBy: z.string().default(''),
        });
        const execution = executionOf(context, request.params);
        const all = context.executor.historyOf(execution.id);
        const found = all
          .filter(parseFilter(query.filter, entryFields))
          .sort(orderBy(query.orderBy, entryOrder));
        const { items, next } = pageOf(found, query, pageSizes, `${query.filter}|${query.orderBy}`);
        const show = resourceOf(`${executionName(context, execution)}/stepEntries`, all, query.view);
        return { json: { stepEntries: items.map(show), ...next, totalSize: found.length } };
      },
    },
    {
      method: 'GET',
      path: `${executionPath}/stepEntries/{entry}`,
      handle(request) {
        const { view } = queryOf(request, { view: EntryView });
        const execution = executionOf(context, request.params);
        const all = context.executor.historyOf(execution.id);
        const parent = `${executionName(context, execution)}/stepEntries`;
        const entry = all.find(({ id }) => String(id) === request.params['entry']);
        if (entry) return { json: resourceOf(parent, all, view)(entry) };
        throw new GoogleError('NOT_FOUND', `Step entry ${parent}/${request.params['entry']} was not found`);
      },
    },
    {
      method: 'POST',
      path: `${executionPath}:deleteExecutionHistory`,
      handle(request) {
        queryOf(request, {});
        parsedBody(request, z.strictObject({ name: z.string().optional() }));
        const execution = executionOf(context, request.params);
        if (isActive(execution)) {
          // The status Google answers here is unverified.
          throw new GoogleError(
            'FAILED_PRECONDITION',
            `Execution ${executionName(context, execution)} has not ended: it is ${execution.state}`,
          );
        }
        context.executor.deleteHistory(execution.id);
        return { json: {} };
      },
    },
  ];
}

/**
 * Which entries count as neighbours is unverified: here those around it in the same parent and thread; iterations and
 * branches that run at the same time have none.
 * @param all in the order of their ids, which are their positions from 1
 */
function resourceOf(
  parentName: string,
  all: readonly StepEntry[],
  view: EntryView,
): (entry: StepEntry) => unknown {
  const families = new Map<number | undefined, StepEntry[]>();
  for (const entry of all) {
    const family = families.get(entry.parent);
    if (family) family.push(entry);
    else families.set(entry.parent, [entry]);
  }
  return (entry) => {
    const around = entry.parent === undefined ? undefined : all[entry.parent - 1];
    const family =
      around?.type.startsWith('PARALLEL_') && around.type !== 'PARALLEL_BRANCH_ENTRY'
        ? [entry]
        : (families.get(entry.parent) ?? []);
    const place = family.indexOf(entry);
    return {
      name: `${parentName}/${entry.id}`,
      entryId: String(entry.id),
      routine: entry.routine,
      step: entry.step,
      stepType: `STEP_${entry.type}`,
      state: `STATE_${entry.state}`,
      createTime: entry.createTime,
      updateTime: entry.updateTime,
      exception: entry.exception === undefined ? undefined : { payload: entry.exception },
      navigationInfo: {
        parent: entry.parent?.toString(),
        children: (families.get(entry.id) ?? []).map(({ id }) => String(id)),
        previous: family[place - 1]?.id.toString(),
        next: family[place + 1]?.id.toString(),
      },
      stepEntryMetadata: {
        progressType: progressType(entry, around),
        progressNumber: entry.progress?.toString(),
        expectedIteration: entry.expected?.toString(),
        threadId: entry.threadId === '' ? undefined : entry.threadId,
      },
      variableData:
        entry.variables === undefined || view === 'EXECUTION_ENTRY_VIEW_BASIC'
          ? undefined
          : { variables: JSON.parse(entry.variables) as unknown },
    };
  };
}

function progressType({ type }: StepEntry, around: StepEntry | undefined): string | undefined {
  if (type === 'FOR_ITERATION') {
    return around?.type === 'PARALLEL_FOR' ? 'PROGRESS_TYPE_PARALLEL_FOR' : 'PROGRESS_TYPE_FOR';
  }
  if (type === 'PARALLEL_BRANCH_ENTRY') return 'PROGRESS_TYPE_PARALLEL_BRANCH';
  return type === 'RETRY' ? 'PROGRESS_TYPE_RETRY' : undefined;
}
