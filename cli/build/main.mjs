#!/usr/bin/env node
// `npm run build`: makes dist/functions.zip, which Terraform uploads.
import '#cli/check-runtime.mjs';

const { main } = await import('./build.ts');
await main(process.argv.slice(2), process.stdout);
