/**
 * Messages as nodes. Foreign text becomes text nodes and nothing else: nothing here parses markup.
 * `slack` is who and what may be mentioned, and takes presses: `{people, groups, channels, press(action, button, node)}`.
 */

/** An element with attributes; those that are undefined are left out. */
export const el = (name, attributes = {}, ...children) =>
  filled(document.createElement(name), attributes, children);
const svg = (name, attributes, ...children) =>
  filled(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children);

function filled(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined) node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

/** What a reader sees of a message. Blocks that are not drawn are named. */
export function messageNodes({ text, blocks }, slack) {
  if (blocks.length === 0) return [textNode({ type: 'mrkdwn', text }, slack)];
  return blocks.map((block, place) => {
    const draw = Object.hasOwn(drawn, block.type) ? drawn[block.type] : missing;
    return draw(block, slack, place);
  });
}

const missing = ({ type }) => el('p', { class: 'dim' }, `[${type} is not shown here]`);
const drawn = {
  header: ({ text }) => el('h3', {}, plain(text.text)),
  section: ({ text, fields = [] }, slack) =>
    el(
      'div',
      {},
      ...(text ? [textNode(text, slack)] : []),
      el('div', { class: 'fields' }, ...fields.map((field) => textNode(field, slack))),
    ),
  context: ({ elements }, slack) =>
    el('div', { class: 'dim row' }, ...elements.map((one) => textNode(one, slack))),
  actions: ({ elements }, slack, place) =>
    el('div', { class: 'row' }, ...elements.map((one) => button(one, place, slack))),
  divider: () => el('hr'),
  table: ({ rows }) => table(rows),
  data_table: ({ rows }) => table(rows),
  plan: ({ title, tasks = [] }) => el('div', {}, el('b', {}, plain(title)), el('ul', {}, ...tasks.map(task))),
  task_card: (block) => el('ul', {}, task(block)),
  data_visualization: chart,
  rich_text: (block) => el('div', { class: 'text' }, plainOf(block)),
};

const plain = (text) => text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
/** Of a cell or of rich text. */
const plainOf = (node) => plain(node.text ?? (node.elements ?? []).map(plainOf).join(''));
/** A text object, or an image, whose text stands for it. */
function textNode({ type, text, alt_text }, slack) {
  return el(
    'div',
    { class: 'text' },
    ...(type === 'mrkdwn' ? mrkdwn(text, slack) : [plain(text ?? alt_text)]),
  );
}

function button(given, place, slack) {
  if (given.type !== 'button') return missing(given);
  const look = { class: `button ${given.style ?? ''}`, 'aria-label': given.accessibility_label };
  const link = { href: given.url, target: '_blank', rel: 'noreferrer' };
  const node = given.url ? el('a', { ...look, ...link }) : el('button', { ...look, type: 'button' });
  node.append(plain(given.text.text));
  node.dataset.action = `${place}/${given.action_id ?? ''}`;
  node.addEventListener('click', () => slack.press(node.dataset.action, given, node));
  return node;
}

const states = {
  pending: ['○', 'pending'],
  in_progress: ['◐', 'in progress'],
  complete: ['✓', 'done'],
  error: ['✗', 'failed'],
};
function task({ title, status }) {
  const [sign, meaning] = states[status];
  return el(
    'li',
    {},
    el('span', { class: status, role: 'img', 'aria-label': meaning }, sign),
    ` ${plain(title)}`,
  );
}

function table([head, ...rows]) {
  const line = (name) => (row) => el('tr', {}, ...row.map((cell) => el(name, {}, plainOf(cell))));
  const parts = [el('thead', {}, line('th')(head)), el('tbody', {}, ...rows.map(line('td')))];
  const scrolls = { class: 'scrolled', tabindex: 0, role: 'region', 'aria-label': 'Table' };
  return el('div', scrolls, el('table', {}, ...parts));
}

/** Lines are drawn; every chart's numbers can be read. */
function chart({ title, chart: { type, series, segments, axis_config: axis } }) {
  const rows = segments
    ? segments.map(({ label, value }) => [label, value])
    : axis.categories.map((label, at) => [label, ...series.map(({ data }) => data[at].value)]);
  const names = segments ? [type] : series.map(({ name }) => name);
  const cells = [['', ...names], ...rows].map((row) => row.map((text) => ({ text: String(text) })));
  const keys = names.map((name, at) => el('b', { class: `s${at % 3}` }, `■ ${plain(name)} `));
  const units = [axis?.y_label, axis?.x_label].filter(Boolean).join(' by ');
  return el(
    'figure',
    {},
    el('b', {}, plain(title)),
    ...(type === 'line' ? [lines(plain(title), series, axis.categories)] : []),
    el('figcaption', { class: 'dim' }, ...keys, plain(units)),
    el('details', { open: type === 'line' ? undefined : '' }, el('summary', {}, 'Numbers'), table(cells)),
  );
}

function lines(title, series, categories) {
  const [width, height, left, edge] = [480, 200, 48, 20];
  const values = series.flatMap(({ data }) => data.map(({ value }) => value));
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const x = (at) => left + ((at + 0.5) * (width - left)) / categories.length;
  const y = (value) => height - edge - ((value - low) / (high - low || 1)) * (height - 2 * edge);
  const label = (text, at) => svg('text', { ...at, 'text-anchor': 'end' }, plain(text));
  const last = categories.length - 1;
  return svg(
    'svg',
    { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': title, stroke: 'currentColor' },
    ...[low, high].map((value) => label(String(value), { x: left - 6, y: y(value) + 4, stroke: 'none' })),
    ...[0, last].map((at) => label(categories[at], { x: x(at) + 20, y: height - 4, stroke: 'none' })),
    svg('path', { d: `M${left} ${y(high)}V${y(low)}H${width}`, opacity: 0.3 }),
    ...series.map(({ data }, nth) => {
      const points = data.map(({ value }, at) => `${x(at)} ${y(value)}`);
      return svg('path', { class: `s${nth % 3}`, d: `M${points.join('L')}` });
    }),
  );
}

const marks =
  /```\n?([\s\S]*?)```|`([^`\n]+)`|<([^<>\n]+)>|(?<![\w*])\*([^*\n]*[^\s*])\*(?![\w*])|(?<!\w)_([^_\n]*[^\s_])_(?!\w)/g;

/** https://docs.slack.dev/messaging/formatting-message-text @returns texts and nodes */
export function mrkdwn(text, slack) {
  const nodes = [];
  let from = 0;
  for (const found of text.matchAll(marks)) {
    const [all, pre, code, angle, bold, italic] = found;
    nodes.push(plain(text.slice(from, found.index)));
    from = found.index + all.length;
    if (pre !== undefined) nodes.push(el('pre', {}, plain(pre)));
    else if (code !== undefined) nodes.push(el('code', {}, plain(code)));
    else if (angle !== undefined) nodes.push(special(angle, slack));
    else nodes.push(el(bold === undefined ? 'i' : 'b', {}, ...mrkdwn(bold ?? italic, slack)));
  }
  return [...nodes, plain(text.slice(from))];
}

/** What stands in angle brackets: a mention, a date or a link. */
function special(inside, { people, groups, channels }) {
  const [what, label = ''] = inside.split(/\|(.*)/s);
  const id = what.replace(/^[@#!](subteam\^)?/, '');
  const mention = (name) => el('span', { class: 'mention' }, name);
  if (what.startsWith('#')) return mention(`#${channels.find((one) => one.id === id)?.name ?? id}`);
  if (what.startsWith('!date^')) return date(what.split('^'), plain(label));
  if (/^[@!]/.test(what)) {
    const known = [...people, ...groups].find((one) => one.id === id);
    return mention(`@${known?.handle ?? known?.name ?? id}`);
  }
  if (!/^(https?|mailto):/.test(what)) return `<${plain(inside)}>`;
  return el('a', { href: plain(what), target: '_blank', rel: 'noreferrer' }, plain(label || what));
}

/** In the reader's own time, as far as the formats go that are asked for. */
function date([, seconds, format], fallback) {
  const at = new Date(Number(seconds) * 1000);
  const words = {
    time: () => at.toLocaleTimeString(undefined, { timeStyle: 'short' }),
    time_secs: () => at.toLocaleTimeString(),
    date_num: () => at.toLocaleDateString('sv'),
  };
  const day = (name) =>
    at.toLocaleDateString(undefined, { dateStyle: name.includes('short') ? 'medium' : 'long' });
  const written = format.replaceAll(/\{(\w+)\}/g, (_, name) => (words[name] ?? day)(name));
  return el('time', { datetime: at.toISOString(), title: fallback }, written);
}
