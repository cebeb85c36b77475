import { glob, readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';

/** Of every source file of the product. */
async function imports(): Promise<string> {
  const texts: string[] = [];
  for await (const file of glob('{functions,shared}/**/*.{ts,mjs}')) texts.push(await readFile(file, 'utf8'));
  return texts.join('\n');
}

it.each(['@google-cloud/pubsub', '@google-cloud/run', '@google-cloud/workflows', '@slack/web-api'])(
  'the product calls Google and Slack through their own client %s',
  async (name) => {
    expect(await imports()).toMatch(new RegExp(`import\\('${name}'\\)`));
  },
);
