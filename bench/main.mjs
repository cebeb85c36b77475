import '#cli/check-runtime.mjs';

const benches = {
  pipeline: './pipeline.ts',
  load: './load.ts',
  chatops: './chatops.ts',
  'cold-start': './cold-start.ts',
  workflows: './workflows.ts',
};
const [name = '', ...options] = process.argv.slice(2);
if (!(name in benches)) {
  console.error(`npm run bench -- NAME [options]\n\nNAME is one of: ${Object.keys(benches).join(', ')}`);
  process.exit(2);
}
const { main } = await import(benches[name]);
await main(options);
