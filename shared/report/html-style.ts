/** Of the page. Colours say nothing that marks and words do not say too. */
export const style = `
:root { color-scheme: light dark; --ink: #1c2128; --dim: #59636e; --paper: #fff; --soft: #f3f5f7; --line: #d1d9e0;
  --good: #1a7f37; --bad: #c0242b; --open: #8a5a00; --main: #0957b5; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --dim: #9aa4af; --paper: #0d1117; --soft: #171d25;
  --line: #353d47; --good: #4cc265; --bad: #ff7b72; --open: #e0a83c; --main: #6cb0ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 72rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem; } h2 { font-size: 1.2rem; margin: 2rem 0 .5rem;
  border-bottom: 1px solid var(--line); } h3 { font-size: 1rem; margin: 1.25rem 0 .5rem; }
p, ul, pre, table, figure { margin: .5rem 0; }
a { color: var(--main); } code, pre { font: .875em ui-monospace, monospace; }
pre { background: var(--soft); padding: .6rem .8rem; white-space: pre-wrap; border-radius: 4px; }
header { border-left: 6px solid var(--dim); padding-left: 1rem; }
header.good { border-color: var(--good); } header.bad { border-color: var(--bad); } header.open { border-color: var(--open); }
nav { font-size: .875rem; margin: 1rem 0; } nav a { margin-right: .9rem; white-space: nowrap; }
table { border-collapse: collapse; width: 100%; font-size: .875rem; } th, td { overflow-wrap: break-word; }
td code { overflow-wrap: anywhere; }
@media (max-width: 40rem) { table { display: block; overflow-x: auto; } }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; } table.facts th { width: 14rem; color: var(--dim); font-weight: 400; }
td.mark { white-space: nowrap; } .pass { color: var(--good); } .fail { color: var(--bad); }
.inconclusive { color: var(--open); } .not-run { color: var(--dim); }
summary { cursor: pointer; } details table { margin: .4rem 0 .6rem; background: var(--soft); }
figcaption { font-size: .875rem; color: var(--dim); } svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--ink); font: 11px system-ui, sans-serif; } svg .dim { fill: var(--dim); }
svg .axis { stroke: var(--line); } svg .guide { stroke: var(--dim); stroke-dasharray: 4 3; }
svg .limit { stroke: var(--bad); stroke-dasharray: 4 3; } svg .course { fill: none; stroke: var(--main); stroke-width: 1.5; }
svg .succeeded { fill: var(--good); } svg .rejected, svg .failed { fill: var(--bad); }
svg .running, svg .pending { fill: var(--open); } svg .skipped { fill: var(--dim); } svg .miss { fill: var(--bad); }
footer { margin-top: 2rem; font-size: .875rem; color: var(--dim); }
@media print { body { padding: 0; max-width: none; font-size: 11pt; } nav { display: none; }
  h2, h3 { break-after: avoid; } tr, figure, pre { break-inside: avoid; }
  details::details-content { content-visibility: visible; display: block; } summary { list-style: none; } }
`;
