#!/usr/bin/env node
// Plain JavaScript: a Node that is too old for TypeScript has to be able to read it, and to say so.
import './check-runtime.mjs';

// Loaded after the check: a static import would be read before it.
const { main } = await import('./slipway.ts');
process.exitCode = await main(process.argv.slice(2), process);
