import { execFile } from 'node:child_process';
import { z } from 'zod';

/** What an `_iam_member` of any kind says; what is only known after an apply is absent. */
const After = z.looseObject({
  project: z.string().nullish(),
  role: z.string().nullish(),
  member: z.string().nullish(),
});
const Plan = z.object({
  resource_changes: z.array(
    z.object({
      address: z.string(),
      type: z.string(),
      mode: z.string(),
      change: z.object({ actions: z.array(z.string()), after: After.nullable() }),
    }),
  ),
});

export interface Planned {
  address: string;
  type: string;
  after: z.infer<typeof After>;
}

/** @returns what was printed, once it is done. Rejects with it when the command failed. */
export const terraform = (folder: string, ...args: string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile('terraform', args, { cwd: folder, maxBuffer: 1 << 26 }, (error, stdout, stderr) =>
      error ? reject(new Error(`terraform ${args.join(' ')}: ${stdout}${stderr}`)) : resolve(stdout),
    );
  });

/** The resources that a plan of an empty state would make. */
export async function planned(folder: string, ...more: string[]): Promise<Planned[]> {
  await terraform(folder, 'plan', '-input=false', '-no-color', '-out=the.plan', ...more);
  const { resource_changes } = Plan.parse(
    JSON.parse(await terraform(folder, 'show', '-json', 'the.plan')) as unknown,
  );
  return resource_changes
    .filter(({ mode }) => mode === 'managed')
    .map(({ address, type, change }) => ({ address, type, after: change.after ?? {} }));
}
