/** The few blocks every Slack client shows. `verbatim`: Slack looks for no names or addresses in the text by itself. */

type Block = Record<string, unknown>;

const mrkdwn = (text: string) => ({ type: 'mrkdwn', text, verbatim: true });

/** @param text plain and escaped */
export const header = (text: string): Block => ({
  type: 'header',
  text: { type: 'plain_text', text, emoji: false },
});

/** @param lines mrkdwn; without any there is no block */
export const section = (...lines: string[]): Block[] =>
  lines.length === 0 ? [] : [{ type: 'section', text: mrkdwn(lines.join('\n')) }];

/** Short facts, two in a row on a wide screen. @param facts mrkdwn */
export const fields = (facts: Record<string, string | undefined>): Block[] => {
  const known = Object.entries(facts).filter((fact): fact is [string, string] => fact[1] !== undefined);
  return known.length === 0
    ? []
    : [{ type: 'section', fields: known.map(([name, value]) => mrkdwn(`*${name}*\n${value}`)) }];
};

/** Small print. @param parts mrkdwn */
export const context = (...parts: string[]): Block => ({ type: 'context', elements: parts.map(mrkdwn) });
