/** The style sheet of the HTML report; colours follow the reader's light or dark setting. */
export const style = `
:root { --bg: #fcfcfb; --panel: #ffffff; --ink: #1c1d1f; --soft: #5f6368; --line: #dfe1e5; --c1: #2563c9; --c2: #b45f06; --c3: #8a2fa8; --c4: #0e7c86; --c5: #a3742a; --c6: #c2407f;
  --good: #2e8b57; --bad: #c62828; --warn: #9a6700; --target: #7a7f87; --heat: 37 99 201; }
@media (prefers-color-scheme: dark) { :root { --bg: #16181b; --panel: #1e2125; --ink: #e6e7e9; --soft: #a0a5ad; --line: #363a40;
  --c1: #6ea8ff; --c2: #f0a350; --c3: #d08bea; --c4: #4fc3cd; --c5: #d3ac6a; --c6: #f08bb9; --good: #5fc08b; --bad: #ff7b72; --warn: #e3b341; --target: #8d939c; --heat: 110 168 255; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 1040px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { margin: 0; font-size: 28px; } h2 { font-size: 18px; margin: 32px 0 10px; } h3 { font-size: 14px; margin: 0 0 6px; font-weight: 600; }
p { margin: 4px 0; } .eyebrow, small, figcaption { color: var(--soft); font-size: 13px; }
.target, code, .sum { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: 14px; overflow-wrap: anywhere; }
.outcome { margin: 16px 0 8px; padding: 14px 18px; border-radius: 6px; color: #fff; display: flex; flex-wrap: wrap; gap: 4px 14px; align-items: baseline; }
.outcome.good { background: #1f7a45; } .outcome.bad { background: #b3261e; } .outcome strong { font-size: 22px; letter-spacing: .02em; } .outcome span { flex: 1 1 260px; overflow-wrap: anywhere; } .outcome small { color: inherit; opacity: .85; }
.verdict { margin: 8px 0 16px; padding: 12px 16px; border: 1px solid var(--line); border-left: 5px solid var(--soft); background: var(--panel); border-radius: 6px; }
.verdict strong { margin-right: 10px; } .verdict ul { margin: 8px 0 0; padding-left: 20px; }
.verdict.degraded { border-left-color: var(--warn); } .verdict.degraded strong { color: var(--warn); }
.verdict.void { border-left-color: var(--bad); } .verdict.void strong { color: var(--bad); }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(145px, 1fr)); gap: 12px; margin: 18px 0; }
.card { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: 10px 14px; display: flex; flex-direction: column; }
.card.bad strong { color: var(--bad); } .card strong { overflow-wrap: anywhere; } .card span { color: var(--soft); font-size: 13px; } .card strong { font-size: 22px; font-variant-numeric: tabular-nums; }
figure { margin: 18px 0 0; padding: 14px 16px 10px; background: var(--panel); border: 1px solid var(--line); border-radius: 6px; }
svg { width: 100%; height: auto; display: block; } svg.narrow { display: none; }
.mark { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 2 3; fill: none; } .mark.fault { stroke: var(--bad); stroke-width: 1.6; stroke-dasharray: none; } .mark.recovery { stroke: var(--good); stroke-width: 1.4; stroke-dasharray: 5 3; } .fault-head { fill: var(--bad); } .level { stroke: var(--bad); stroke-width: 1.2; stroke-dasharray: 7 4; fill: none; } .tick.level-text { fill: var(--bad); }
.hover { fill: transparent; } .hover:hover { fill: var(--soft); fill-opacity: .12; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 16px; margin: 0 0 14px; } dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: 14px; }
.line { fill: none; stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round; } path.area { stroke: none; fill-opacity: .75; }
.line.c-target { stroke-opacity: .8; stroke-width: 1.4; } .line.c-target[stroke-dasharray] { stroke-width: 6; stroke-opacity: .35; }
.grid { stroke: var(--line); stroke-width: 1; fill: none; } .axis { stroke: var(--soft); stroke-width: 1; fill: none; }
.tick { fill: var(--soft); font-size: 12px; font-family: inherit; }
.c-1 { stroke: var(--c1); background: var(--c1); } .c-2 { stroke: var(--c2); background: var(--c2); } .c-3 { stroke: var(--c3); background: var(--c3); }
.c-4 { stroke: var(--c4); background: var(--c4); } .c-5 { stroke: var(--c5); background: var(--c5); } .c-6 { stroke: var(--c6); background: var(--c6); }
.c-target { stroke: var(--target); background: var(--target); } .c-bad { stroke: var(--bad); background: var(--bad); } .c-good { stroke: var(--good); background: var(--good); }
.area.c-good { fill: var(--good); } .area.c-bad { fill: var(--bad); } .area.c-1 { fill: var(--c1); } .area.c-2 { fill: var(--c2); } .area.c-3 { fill: var(--c3); }
.key { margin-right: 18px; } .swatch { display: inline-block; width: 14px; height: 10px; margin: 0 6px 0 0; border-radius: 2px; vertical-align: baseline; }
figcaption span { margin-right: 8px; } figcaption .heat-key { margin: 0 1px; } .heat-key + :not(.heat-key) { margin-left: 8px; }
${[1, 2, 3, 4, 5, 6, 7, 8].map((shade) => `.h${shade} { fill: rgb(var(--heat) / ${(0.08 + shade * 0.115).toFixed(3)}); } .swatch.h${shade} { background: rgb(var(--heat) / ${(0.08 + shade * 0.115).toFixed(3)}); }`).join('\n')}
table { border-collapse: collapse; width: 100%; background: var(--panel); border: 1px solid var(--line); border-radius: 6px; }
th, td { padding: 6px 10px; text-align: right; border-bottom: 1px solid var(--line); font-variant-numeric: tabular-nums; white-space: nowrap; }
th { color: var(--soft); font-weight: 500; font-size: 13px; } td:first-child, th:first-child { text-align: left; }
table.text td, table.text th { text-align: left; white-space: normal; } tr:last-child td { border-bottom: 0; }
td:first-child { overflow-wrap: anywhere; } table.figures td:first-child { white-space: normal; } tr.bad td:first-child { color: var(--bad); } tr.good td:first-child { color: var(--good); }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)); gap: 24px; } .columns h2 { margin-top: 24px; } .columns td:first-child { white-space: normal; }
@media screen and (max-width: 760px) { main { padding: 16px 12px 40px; } figure { padding: 12px 8px 8px; } svg.wide { display: none; } svg.narrow { display: block; }
  h1 { font-size: 24px; overflow-wrap: anywhere; } dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 8px; } .columns { grid-template-columns: minmax(0, 1fr); }
  thead { display: none; } table, tbody { display: block; } tr { display: grid; grid-template-columns: repeat(auto-fill, minmax(96px, 1fr)); gap: 2px 8px; padding: 8px 10px; border-bottom: 1px solid var(--line); }
  tr:last-child { border-bottom: 0; } td { padding: 0; border: 0; text-align: left; white-space: normal; overflow-wrap: anywhere; } td:first-child { grid-column: 1 / -1; font-weight: 600; } table.text td { grid-column: 1 / -1; }
  td[data-name]:not([data-name=""])::before { content: attr(data-name) " "; color: var(--soft); font-size: 12px; font-weight: 400; } table.figures td:not(:first-child)::before { display: block; } }
@media print { :root { --bg: #fff; --panel: #fff; --ink: #1c1d1f; --soft: #5f6368; --line: #dfe1e5; --c1: #2563c9; --c2: #b45f06; --c3: #8a2fa8;
  --good: #2e8b57; --bad: #c62828; --warn: #9a6700; --target: #7a7f87; --heat: 37 99 201; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } main { max-width: none; padding: 0; }
  figure, tr, .card, .verdict { break-inside: avoid; } h2 { break-after: avoid; } table.figures { font-size: 11px; } }
`;
