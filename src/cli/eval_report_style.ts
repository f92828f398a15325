/** The style of the report of `yy-eval`, in light and dark. */
export const REPORT_STYLE = `
:root { color-scheme: light dark; --back: #fff; --panel: #f6f7f9; --text: #1c2430; --soft: #5b6675; --line: #d9dee5; --accent: #2563eb; --wrong: #c2410c; }
@media (prefers-color-scheme: dark) {
  :root { --back: #14181f; --panel: #1d232c; --text: #e6e9ee; --soft: #9aa5b4; --line: #323b47; --accent: #7aa5ff; --wrong: #fb923c; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 70rem; background: var(--back); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.5rem; overflow-wrap: anywhere; }
h2 { margin: 2.5rem 0 .75rem; font-size: 1.15rem; }
p { margin: .25rem 0; }
.soft, figcaption span { color: var(--soft); }
.figures { display: flex; flex-wrap: wrap; gap: 1rem; margin: 1.25rem 0 0; padding: 0; }
.figures div { min-width: 9rem; padding: .75rem 1rem; border-radius: .5rem; background: var(--panel); }
.figures dt { color: var(--soft); font-size: .85rem; }
.figures dd { margin: 0; font-size: 1.6rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .75rem; border-bottom: 1px solid var(--line); text-align: right; font-weight: 400; white-space: nowrap; }
th:first-child, td.name { text-align: left; }
thead th { color: var(--soft); font-size: .85rem; }
meter { width: 7rem; margin-left: .6rem; vertical-align: middle; }
.matrix th, .matrix td { padding: .3rem .5rem; border: 1px solid var(--line); }
.matrix thead th { vertical-align: bottom; writing-mode: vertical-rl; transform: rotate(180deg); text-align: left; border: 0; }
.matrix thead th:first-child { writing-mode: initial; transform: none; }
.matrix td { min-width: 2.4rem; text-align: center; background: color-mix(in srgb, var(--wrong) calc(var(--share) * 60%), transparent); }
.matrix td.right { background: color-mix(in srgb, var(--accent) calc(var(--share) * 60%), transparent); }
.matrix td.none { color: transparent; }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: 1rem; }
figure { margin: 0; padding: .75rem; border-radius: .5rem; background: var(--panel); }
figure img { display: block; width: 100%; aspect-ratio: 1; border-radius: .25rem; image-rendering: pixelated; }
figcaption { margin-top: .5rem; font-size: .9rem; line-height: 1.35; overflow-wrap: anywhere; }
figcaption strong { color: var(--wrong); }
.curves svg { max-width: 100%; height: auto; }
`;
