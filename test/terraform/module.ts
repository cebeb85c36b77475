import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Terraform's language is parsed without Terraform; what is an expression stays one, as text in `${…}`. */
const { parseToObject } = createRequire(import.meta.url)('hcl2-parser') as {
  parseToObject: (text: string) => [Block | null, unknown];
};

export type Block = Record<string, unknown>;

export interface Resource {
  /** `google_pubsub_topic.main` */
  address: string;
  type: string;
  name: string;
  body: Block;
}

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** All of a folder's files as one module, as Terraform sees them. */
export function readModule(folder: string) {
  const files = readdirSync(`${root}${folder}`).filter((name) => name.endsWith('.tf'));
  const texts = files.map((name) => readFileSync(`${root}${folder}/${name}`, 'utf8'));
  const blocks = texts.map((text, index) => {
    const [parsed, error] = parseToObject(text);
    if (!parsed) throw new Error(`${folder}/${files[index]}: ${JSON.stringify(error)}`);
    return parsed as Record<string, Record<string, Record<string, Block[]>>>;
  });
  const named = (kind: string): Record<string, Block> =>
    Object.fromEntries(
      blocks.flatMap((block) =>
        Object.entries((block[kind] ?? {}) as unknown as Record<string, Block[]>).map(([name, [body]]) => [
          name,
          body ?? {},
        ]),
      ),
    );
  return {
    text: texts.join('\n'),
    kinds: new Set(blocks.flatMap((block) => Object.keys(block))),
    variables: named('variable'),
    outputs: named('output'),
    locals: Object.assign(
      {},
      ...blocks.flatMap((block) => (block['locals'] ?? []) as unknown as Block[]),
    ) as Block,
    moves: blocks.flatMap((block) => (block['moved'] ?? []) as unknown as { from: string; to: string }[]),
    resources: blocks.flatMap((block) =>
      Object.entries(block['resource'] ?? {}).flatMap(([type, all]) =>
        Object.entries(all).map(([name, [body]]): Resource => ({
          address: `${type}.${name}`,
          type,
          name,
          body: body ?? {},
        })),
      ),
    ),
  };
}

/** Every attribute of a block and of the blocks inside, with its name. */
export function attributesOf(value: unknown, name = ''): [string, unknown][] {
  if (Array.isArray(value)) return value.flatMap((each) => attributesOf(each, name));
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, inside]) => attributesOf(inside, key));
  return [[name, value]];
}
