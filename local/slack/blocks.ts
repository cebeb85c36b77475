import { z } from 'zod';

/**
 * Which blocks a message may hold, with the limits of https://docs.slack.dev/reference/block-kit/blocks.
 * Types that Slack knows and this one does not are refused like unknown ones.
 */
const id = z.string().max(255).optional();
const url = z.url().max(3000);
const string = (max: number) => z.string().min(1).max(max);
const plain = (max: number) =>
  z.strictObject({ type: z.literal('plain_text'), text: string(max), emoji: z.boolean().optional() });
const mrkdwn = (max: number) =>
  z.strictObject({ type: z.literal('mrkdwn'), text: string(max), verbatim: z.boolean().optional() });
const text = (max: number) => z.discriminatedUnion('type', [plain(max), mrkdwn(max)]);
const block = <Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) =>
  z.strictObject({ type: z.literal(type), block_id: id, ...shape });

const confirm = z.strictObject({
  title: plain(100).optional(),
  text: text(300),
  confirm: plain(30).optional(),
  deny: plain(30).optional(),
  style: z.enum(['primary', 'danger']).optional(),
});
const button = z.strictObject({
  type: z.literal('button'),
  text: plain(75),
  action_id: id,
  value: z.string().max(2000).optional(),
  url: url.optional(),
  style: z.enum(['primary', 'danger']).optional(),
  confirm: confirm.optional(),
  accessibility_label: z.string().max(75).optional(),
});
const overflow = z.strictObject({
  type: z.literal('overflow'),
  action_id: id,
  options: z
    .array(
      z.strictObject({
        text: plain(75),
        value: z.string().max(150),
        url: url.optional(),
        description: plain(75).optional(),
      }),
    )
    .min(1)
    .max(5),
  confirm: confirm.optional(),
});
const image = z.strictObject({ type: z.literal('image'), image_url: url, alt_text: string(2000) });
const actionElement = z.discriminatedUnion('type', [button, overflow]);

/** The inside of rich text is not looked into. */
const richText = block('rich_text', { elements: z.array(z.looseObject({ type: z.string() })) });
const cell = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('raw_text'), text: z.string() }),
  z.strictObject({ type: z.literal('raw_number'), value: z.number(), text: z.string() }),
  richText,
]);
const header = block('header', { text: plain(150) });
const divider = block('divider', {});
const section = block('section', {
  text: text(3000).optional(),
  fields: z.array(text(2000)).min(1).max(10).optional(),
  accessory: z.discriminatedUnion('type', [button, overflow, image]).optional(),
  expand: z.boolean().optional(),
}).refine(
  (value) => value.text !== undefined || value.fields !== undefined,
  'must define either `text` or `fields`',
);
const context = block('context', {
  elements: z
    .array(z.discriminatedUnion('type', [plain(3000), mrkdwn(3000), image]))
    .min(1)
    .max(10),
});
const actions = block('actions', { elements: z.array(actionElement).min(1).max(25) });
const imageBlock = block('image', { image_url: url, alt_text: string(2000), title: plain(2000).optional() });
const table = block('table', {
  rows: z.array(z.array(cell).max(20)).min(1).max(100),
  column_settings: z
    .array(
      z.strictObject({
        align: z.enum(['left', 'center', 'right']).optional(),
        is_wrapped: z.boolean().optional(),
      }),
    )
    .max(20)
    .optional(),
});
const dataTable = block('data_table', {
  caption: string(255),
  rows: z.array(z.array(cell)).min(1).max(200),
  page_size: z.int().positive().optional(),
  row_header_column_index: z.int().min(0).optional(),
});
const taskCard = block('task_card', {
  task_id: string(255),
  title: z.string().min(1),
  status: z.enum(['pending', 'in_progress', 'complete', 'error']),
  details: richText.optional(),
  output: richText.optional(),
  sources: z.array(z.strictObject({ type: z.literal('url'), url, text: z.string() })).optional(),
});
const plan = block('plan', { title: z.string().min(1), tasks: z.array(taskCard).max(50).optional() });
const points = z
  .array(z.strictObject({ label: string(20), value: z.number() }))
  .min(1)
  .max(20);
const axes = {
  /** 6 is what Slack documents; some clients count on 12. */
  series: z
    .array(z.strictObject({ name: string(20), data: points }))
    .min(1)
    .max(6),
  axis_config: z.strictObject({
    categories: z.array(string(20)).min(1).max(20),
    x_label: z.string().max(50).optional(),
    y_label: z.string().max(50).optional(),
  }),
};
const chart = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('pie'), segments: points.max(6) }),
  z.strictObject({ type: z.literal('line'), ...axes }),
  z.strictObject({ type: z.literal('bar'), ...axes }),
  z.strictObject({ type: z.literal('area'), ...axes }),
]);
const dataVisualization = block('data_visualization', { title: string(50), chart });
const card = block('card', {
  hero_image: image.optional(),
  icon: image.optional(),
  title: mrkdwn(150).optional(),
  subtitle: mrkdwn(150).optional(),
  body: mrkdwn(200).optional(),
  actions: z.array(button).max(3).optional(),
});
const container = block('container', {
  title: plain(150).optional(),
  rich_text_title: richText.optional(),
  subtitle: text(150).optional(),
  child_blocks: z
    .array(
      z.discriminatedUnion('type', [actions, context, divider, header, imageBlock, richText, section, table]),
    )
    .min(1)
    .max(10),
  width: z.enum(['narrow', 'standard', 'wide', 'full']).optional(),
  icon: image.optional(),
  is_collapsible: z.boolean().optional(),
  default_collapsed: z.boolean().optional(),
  has_header_divider: z.boolean().optional(),
});
const markdown = block('markdown', { text: string(12_000) });

/** The blocks of one message. */
export const Blocks = z
  .array(
    z.discriminatedUnion('type', [
      actions,
      card,
      container,
      context,
      dataTable,
      dataVisualization,
      divider,
      header,
      imageBlock,
      markdown,
      plan,
      richText,
      section,
      table,
      taskCard,
    ]),
  )
  .max(50);
export type Blocks = z.infer<typeof Blocks>;
