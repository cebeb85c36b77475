// Plain JavaScript on purpose: it must run on whatever Node the host has, to say what is missing.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 24 || (major === 24 && minor < 12)) {
  console.error(
    `Slipway runs on Node 24 from its own devDependency, but this is Node ${process.versions.node}. ` +
      'If the install was made without scripts, run: npm rebuild node --ignore-scripts=false (then use npm run …).',
  );
  process.exit(1);
}
