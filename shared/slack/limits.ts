import { z } from 'zod';
import type { SlackMessage } from '#shared/ports/people.ts';

/** https://docs.slack.dev/reference/block-kit/blocks; texts count as they are sent, escapes included. */
export const limits = {
  blocks: 50,
  header: 150,
  section: 3000,
  field: 2000,
  fields: 10,
  contextElement: 3000,
  contextElements: 10,
  buttons: 25,
  button: 75,
  value: 2000,
  url: 3000,
  confirm: { title: 100, text: 300, yes: 30 },
  tableRows: 100,
  tableColumns: 20,
  /** All cells of the one table together. */
  table: 10_000,
  tasks: 50,
  /** Slack documents none; a longer one could not be read anyway. */
  task: 250,
  charts: 2,
  chartTitle: 50,
  chartLabel: 20,
  chartPoints: 20,
  /** Documented are 6; more than a few cannot be told apart. */
  chartSeries: 3,
  chartAxis: 50,
  /** Of blocks and actions. */
  id: 255,
  /** All blocks together. Undocumented: refused between 12 000 and 13 200 (bolt-js#2509). */
  message: 12_000,
  /** An update with a longer one is refused: https://docs.slack.dev/reference/methods/chat.update */
  text: 4000,
} as const;

const text = (max: number) => z.string().min(1).max(max);
const Text = (max: number) => z.looseObject({ text: text(max) });
const block = <Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) =>
  z.looseObject({ type: z.literal(type), block_id: z.string().max(limits.id).optional(), ...shape });

const Confirm = z.looseObject({
  title: Text(limits.confirm.title),
  text: Text(limits.confirm.text),
  confirm: Text(limits.confirm.yes),
  deny: Text(limits.confirm.yes),
});
const Button = z.looseObject({
  type: z.literal('button'),
  text: Text(limits.button),
  action_id: text(limits.id),
  value: z.string().max(limits.value).optional(),
  url: z.url().max(limits.url).optional(),
  confirm: Confirm.optional(),
});
const Chart = z.looseObject({
  series: z
    .array(
      z.looseObject({
        name: text(limits.chartLabel),
        data: z
          .array(z.looseObject({ label: text(limits.chartLabel), value: z.number() }))
          .min(1)
          .max(limits.chartPoints),
      }),
    )
    .min(1)
    .max(limits.chartSeries),
  axis_config: z.looseObject({
    categories: z.array(text(limits.chartLabel)).min(1).max(limits.chartPoints),
    y_label: text(limits.chartAxis).optional(),
  }),
});

/** The blocks of `blocks.ts`. */
const Known = z.discriminatedUnion('type', [
  block('header', { text: Text(limits.header) }),
  block('section', {
    text: Text(limits.section).optional(),
    fields: z.array(Text(limits.field)).min(1).max(limits.fields).optional(),
  }).refine((section) => section.text ?? section.fields, 'a section needs text or fields'),
  block('context', {
    elements: z.array(Text(limits.contextElement)).min(1).max(limits.contextElements),
  }),
  block('actions', { elements: z.array(Button).min(1).max(limits.buttons) }),
  block('table', {
    rows: z
      .array(z.array(Text(limits.table)).max(limits.tableColumns))
      .min(1)
      .max(limits.tableRows),
  }).refine(
    (table) => lengthOf(table) <= limits.table,
    `the cells hold more than ${limits.table} characters`,
  ),
  block('plan', {
    title: text(limits.task),
    tasks: z.array(z.looseObject({ task_id: text(limits.id), title: text(limits.task) })).max(limits.tasks),
  }),
  block('data_visualization', { title: text(limits.chartTitle), chart: Chart }),
]);
const Blocks = z
  .array(Known)
  .max(limits.blocks)
  .refine((blocks) => count(blocks, 'table') <= 1, 'more than one table')
  .refine((blocks) => count(blocks, 'data_visualization') <= limits.charts, 'more charts than two')
  .refine((blocks) => lengthOf(blocks) <= limits.message, {
    error: ({ input }) => `${lengthOf(input)} characters together, expected at most ${limits.message}`,
  });
const count = (blocks: { type: string }[], type: string): number =>
  blocks.filter((one) => one.type === type).length;
const Message = z.object({ text: text(limits.text), blocks: Blocks, simpler: Blocks.optional() });

/** Everything Slack would refuse about a message, or silently cut; none when it can be sent. */
export function limitProblems(message: SlackMessage): string[] {
  const parsed = Message.safeParse(message);
  return parsed.success
    ? []
    : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}

/** Characters a reader sees: every `text` and `title` that is a string. */
export function lengthOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + lengthOf(item), 0);
  if (typeof value !== 'object' || value === null) return 0;
  return Object.entries(value).reduce((sum, [key, item]) => {
    const seen = typeof item === 'string' && (key === 'text' || key === 'title');
    return sum + (seen ? item.length : lengthOf(item));
  }, 0);
}
