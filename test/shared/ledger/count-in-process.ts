// Opens a ledger in a process of its own and counts: `count-in-process.ts MODULE EXPORT ARGUMENT TIMES`.
import type { Ledger } from '#shared/ledger/ledger.ts';

const [module = '', name = '', argument = '', times = '0'] = process.argv.slice(2);
const exported = (await import(module)) as Record<string, (argument: string) => Ledger>;
const ledger = exported[name]!(argument);
for (let count = 0; count < Number(times); count += 1) {
  await ledger.transaction(async (tx) => {
    const seen = await tx.get('locks', 'counter');
    await new Promise((resolve) => setTimeout(resolve, 1));
    await tx.put('locks', 'counter', {
      service: 'hello',
      environment: 'staging',
      fence: (seen?.fence ?? 0) + 1,
    });
  });
}
ledger.close();
