import { el, messageNodes, mrkdwn } from './blocks.js';

/** The local Slack in a browser: follows what changes for one user, and sends what that user does. */

const $ = (id) => document.getElementById(id);
const token = location.hash.slice(1);
let user = sessionStorage.getItem('user') ?? 'U0ANA';
let cursor = '';
let following = new AbortController();
const messages = new Map();
/** What is on the page, by message: its list item is kept, so that an edit changes it in place. */
const views = new Map();
const keyOf = ({ channel, ts }) => `${channel}/${ts}`;
/** Who and what there is, as last told. */
let directory = { channels: [], people: [], groups: [] };

async function call(path, options = {}) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const answer = await fetch(path, { headers, ...options });
  const json = await answer.json();
  if (!answer.ok) throw new Error(json.error.message);
  return json;
}

/** @returns whether it was done; if not, the reader is told why */
async function act(wish) {
  const answer = call('/slack/act', { method: 'POST', body: JSON.stringify({ user, ...wish }) });
  const { error = '' } = await answer.catch((thrown) => ({ error: thrown.message }));
  $('trouble').textContent = error;
  return error === '';
}

async function follow() {
  for (;;) {
    following = new AbortController();
    const { signal } = following;
    try {
      take(await call(`/slack/updates?${new URLSearchParams({ user, cursor })}`, { signal }));
      if ($('trouble').textContent.startsWith('Not connected')) $('trouble').textContent = '';
    } catch (error) {
      // Another user looks now.
      if (signal.aborted) continue;
      $('trouble').textContent = `Not connected: ${error.message}`;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}

function take(news) {
  ({ cursor } = news);
  directory = news;
  if (news.isAll) clear();
  for (const message of news.messages) messages.set(keyOf(message), message);
  for (const message of news.gone) messages.delete(keyOf(message));
  choices('channel', news.channels, ({ id, name, isArchived }) => [
    id,
    `#${name}${isArchived ? ' (archived)' : ''}`,
  ]);
  choices(
    'user',
    news.people.filter(({ isBot }) => !isBot),
    ({ id, name }) => [id, name],
  );
  choices('weather', weathers($('channel').value), ([name, ...faults]) => [JSON.stringify(faults), name]);
  $('user').value = user;
  $('weather').value = JSON.stringify(news.faults);
  draw();
}

function clear() {
  messages.clear();
  views.clear();
}

const weathers = (channel) => [
  ['fine'],
  ['down', { kind: 'down' }],
  ['slow: 4 s', { kind: 'slow', delayMs: 4000 }],
  ['rate-limited', { kind: 'rate-limited', retryAfterSeconds: 5 }],
  ['answers get lost', { kind: 'accepted-but-lost' }],
  [
    'no newer blocks',
    ...['plan', 'table', 'data_visualization'].map((blockType) => ({ kind: 'invalid-blocks', blockType })),
  ],
  ['no sections', { kind: 'invalid-blocks', blockType: 'section' }],
  ['token revoked', { kind: 'revoked-token' }],
  ['channel archived', { kind: 'archived-channel', channel }],
  ['free plan', { kind: 'free-plan' }],
];

/** Fills a menu, and leaves it alone if it says the same already: somebody may be choosing. */
function choices(id, list, toOption) {
  const options = list.map(toOption);
  if ($(id).dataset.options === JSON.stringify(options)) return;
  const { value } = $(id);
  $(id).dataset.options = JSON.stringify(options);
  $(id).replaceChildren(...options.map(([value, text]) => el('option', { value }, text)));
  if (options.some(([known]) => known === value)) $(id).value = value;
}

function draw() {
  const channel = $('channel').value;
  const here = [...messages.values()].filter((message) => message.channel === channel);
  const replies = Map.groupBy(
    here.filter(({ threadTs }) => threadTs),
    ({ threadTs }) => threadTs,
  );
  // A thread outlives its root.
  const orphaned = [...replies.keys()].filter((ts) => !messages.has(keyOf({ channel, ts })));
  const deleted = orphaned.map((ts) => ({ channel, ts, text: '_This message was deleted._', blocks: [] }));
  const shown = [...deleted, ...here.filter(({ threadTs, broadcast }) => !threadTs || broadcast)];
  const { scrollHeight, scrollTop, clientHeight } = $('scroll');
  arrange($('messages'), shown, (message) => {
    const view = viewOf(message, 'channel');
    const thread = message.threadTs ? [] : (replies.get(message.ts) ?? []);
    view.count.textContent = thread.length === 1 ? '1 reply' : `${thread.length} replies`;
    arrange(view.list, thread, (reply) => viewOf(reply, 'thread').item);
    return view.item;
  });
  // Whoever reads further up stays there.
  if (scrollHeight - scrollTop - clientHeight < 80) $('scroll').scrollTop = $('scroll').scrollHeight;
}

/** Makes the messages' items the children, oldest first; what is in its place is not moved, so that focus stays. */
function arrange(parent, list, itemOf) {
  const items = list.sort((a, b) => Number(a.ts) - Number(b.ts)).map(itemOf);
  items.forEach((item, at) => {
    if (parent.children[at] !== item) parent.insertBefore(item, parent.children[at] ?? null);
  });
  while (parent.children.length > items.length) parent.lastElementChild.remove();
}

/** The item of a message, drawn afresh if the message is another than before. */
function viewOf(message, where) {
  const key = `${where} ${keyOf(message)}`;
  if (!views.has(key)) {
    const [body, list, count] = [el('div'), el('ol'), el('summary')];
    const item = el('li', { 'data-ts': message.ts }, body, el('details', { class: 'thread' }, count, list));
    views.set(key, { item, body, list, count });
  }
  const view = views.get(key);
  if (view.message === message) return view;
  view.message = message;
  view.item.className = message.onlyFor ? 'message private' : 'message';
  const focused = view.body.contains(document.activeElement) && document.activeElement.dataset.action;
  const notes = [
    new Date(Number(message.ts) * 1000).toLocaleString(),
    message.onlyFor && 'Only visible to you',
    message.markedEdited && '(edited)',
    message.broadcast && where === 'channel' && 'replied to a thread',
  ];
  const head = notes.filter(Boolean).map((note) => el('span', { class: 'dim' }, note));
  const press = (action, button, node) => pressed(message, action, button, node);
  const slack = { ...directory, press };
  view.body.replaceChildren(
    el('div', { class: 'head' }, el('b', {}, 'Slipway'), ...head),
    ...messageNodes(message, slack),
  );
  for (const node of view.body.querySelectorAll('[data-action]')) {
    if (node.dataset.action === focused) node.focus();
  }
  return view;
}

async function pressed({ channel, ts }, action, { confirm }, node) {
  if (node.ariaBusy || (confirm && !(await confirmed(confirm)))) return;
  node.ariaBusy = 'true';
  await act({ kind: 'press', channel, ts, action });
  node.ariaBusy = null;
}

function confirmed({ title, text, confirm, deny, style = 'primary' }) {
  const say = (id, object, otherwise) =>
    $(id).replaceChildren(...mrkdwn(object?.text ?? otherwise, directory));
  say('confirm-title', title, 'Are you sure?');
  say('confirm-text', text);
  say('deny', deny, 'Cancel');
  say('allow', confirm, 'Yes');
  $('allow').className = style;
  const dialog = $('confirm');
  dialog.returnValue = 'no';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
  });
}

function on(id, event, handle) {
  $(id).addEventListener(event, handle);
}
on('channel', 'change', draw);
on('user', 'change', () => {
  user = $('user').value;
  cursor = '';
  sessionStorage.setItem('user', user);
  following.abort();
});
on('weather', 'change', () => act({ kind: 'weather', faults: JSON.parse($('weather').value) }));
on('box', 'submit', async (event) => {
  event.preventDefault();
  const line = $('line');
  if (line.ariaBusy || line.value.trim() === '') return;
  line.ariaBusy = 'true';
  if (await act({ kind: 'command', channel: $('channel').value, text: line.value })) line.value = '';
  line.ariaBusy = null;
});
void follow();
