/** The report's style: light and dark by the system or by choice, one column on a phone. */

/** Colours of datasets that those who see red and green alike tell apart, light and dark. */
const SERIES = [
  ['#1f66d1', '#6ea8ff'],
  ['#c2570c', '#ff9d57'],
  ['#0f7f5c', '#43d3a4'],
  ['#9a3d93', '#e58ede'],
  ['#7a6200', '#e2c34d'],
  ['#0a7c96', '#5cd0ea'],
  ['#b3243f', '#ff8b9d'],
  ['#5b5f68', '#b4bac6'],
] as const;

/** Datasets of different colours. */
export const MOST_DATASETS: number = SERIES.length;

export const STYLE: string = `
:root{color-scheme:light dark;--page:light-dark(#f6f7f9,#101216);--card:light-dark(#fff,#191c22);--text:light-dark(#15181d,#eceef2);
--soft:light-dark(#545b66,#a3abb8);--line:light-dark(#dfe3e8,#2c313a);--alert:light-dark(#b3261e,#ff8a80);--alert-back:light-dark(#fdeceb,#3a1d1c);
--warn:light-dark(#8a5300,#ffc266);--focus:light-dark(#1f66d1,#6ea8ff)}
${SERIES.map(([light, dark], at) => `.d${at}{--c:light-dark(${light},${dark})}`).join('\n')}
*{box-sizing:border-box}
[hidden]{display:none!important}
body{margin:0;background:var(--page);color:var(--text);font:14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main,.top{max-width:1400px;margin:0 auto;padding:0 24px}
h1{font-size:22px;margin:24px 0 8px;letter-spacing:-.01em}
h2{font-size:16px;margin:28px 0 10px}
h2 small,.soft{color:var(--soft);font-weight:400;font-size:13px}
h3{font-size:15px;margin:0;overflow-wrap:anywhere}
ul.datasets{list-style:none;display:flex;flex-wrap:wrap;gap:6px 20px;margin:0 0 16px;padding:0}
.swatch{display:inline-block;width:10px;height:10px;border-radius:3px;background:var(--c);margin-right:7px}
.tools{position:sticky;top:0;z-index:1;background:var(--page);border-bottom:1px solid var(--line)}
.tools>div{max-width:1400px;margin:0 auto;padding:10px 24px;display:flex;flex-wrap:wrap;gap:8px 12px;align-items:center}
.tools label{display:inline-flex;gap:6px;align-items:center;color:var(--soft);font-size:13px;min-height:32px}
.tools input[type=search]{width:180px}
input[type=search],select{font:inherit;color:var(--text);background:var(--card);border:1px solid var(--line);border-radius:7px;padding:5px 9px;min-height:34px}
input[type=checkbox]{accent-color:var(--focus);width:16px;height:16px;margin:0}
:focus-visible{outline:2px solid var(--focus);outline-offset:2px}
#status{margin-left:auto}
article{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px 16px;margin:0 0 10px;display:grid;
grid-template-columns:minmax(0,1fr) 400px;gap:10px 28px;content-visibility:auto;contain-intrinsic-size:auto 170px;scroll-margin-top:70px}
article header{display:flex;flex-wrap:wrap;gap:4px 10px;align-items:baseline;margin-bottom:8px}
.type{font-size:11px;letter-spacing:.04em;color:var(--soft)}
.far{font-size:12px;color:var(--soft);font-variant-numeric:tabular-nums}
.absent{font-size:12px;color:var(--warn)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th{font-weight:400;color:var(--soft);font-size:12px;text-align:right;padding:2px 0 2px 14px;white-space:nowrap}
td{text-align:right;padding:3px 0 3px 14px;white-space:nowrap}
tbody th{font-size:13px;color:var(--text);text-align:left;padding-left:0;max-width:150px;overflow:hidden;text-overflow:ellipsis}
thead th:first-child{text-align:left;padding-left:0}
.figures{table-layout:fixed}
.figures td{overflow:hidden;text-overflow:ellipsis}
.figures th:first-child{width:16%}
.high{color:var(--alert);font-weight:600}
figure{margin:0}
svg{display:block;width:100%;height:84px;border-bottom:1px solid var(--line)}
svg path{fill:color-mix(in srgb,var(--c) 20%,transparent);stroke:var(--c);stroke-width:1.5;vector-effect:non-scaling-stroke}
svg rect{fill:transparent}
svg rect:hover{fill:color-mix(in srgb,var(--soft) 14%,transparent)}
:root:not([data-scale=log]) .log,:root[data-scale=log] .linear{display:none}
:root:not([data-axis=middle]) .middle,:root[data-axis=middle] .whole{display:none}
.spread{position:relative;height:9px;margin-top:2px}
.spread>*{position:absolute;display:block}
.spread i{height:1px;top:4px;background:var(--c);opacity:.6}
.spread b{height:5px;top:2px;border-radius:2px;background:color-mix(in srgb,var(--c) 45%,transparent);min-width:2px}
.spread u{width:2px;height:9px;background:var(--c);margin-left:-1px}
.axis{display:flex;justify-content:space-between;color:var(--soft);font-size:11px;margin-top:2px;font-variant-numeric:tabular-nums}
.value{display:grid;grid-template-columns:150px minmax(0,1fr);gap:10px;align-items:center;padding:2px 0}
.label{overflow:hidden;text-overflow:ellipsis;white-space:nowrap;font-size:12.5px;text-align:right}
.bar{display:flex;align-items:center;gap:6px;font-size:10.5px;line-height:12px;color:var(--soft);font-variant-numeric:tabular-nums}
.bar i{height:8px;border-radius:0 3px 3px 0;background:var(--c);width:calc(var(--s)*.8);min-width:1px;flex:none}
:root[data-scale=log] .bar i{width:calc(var(--l)*.8)}
.more,.none{color:var(--soft);font-size:12px;margin:4px 0 0}
.more{padding-left:160px}
details{grid-column:1/-1;font-size:13px}
summary{cursor:pointer;color:var(--soft);width:fit-content;padding:3px 0}
.parts{display:flex;flex-wrap:wrap;gap:12px 40px;align-items:flex-start;padding-top:6px}
.parts table{width:auto}
.listed tbody th{max-width:320px}
.parts h4{margin:0 0 4px;font-size:12px;color:var(--soft);font-weight:600}
pre{margin:0;font:12px/1.45 ui-monospace,SFMono-Regular,Menlo,monospace;white-space:pre-wrap;overflow-wrap:anywhere}
.anomaly{grid-column:1/-1;background:var(--alert-back);border-left:3px solid var(--alert);border-radius:4px;padding:7px 12px;overflow-wrap:anywhere}
.anomaly b{color:var(--alert)}
.anomaly.warning{border-color:var(--warn)}.anomaly.warning b{color:var(--warn)}
.anomalies{display:grid;gap:6px}
a{color:var(--focus)}
@media (max-width:900px){
main,.top,.tools>div{padding-left:14px;padding-right:14px}
.tools{position:static}
.tools input[type=search]{width:100%}
.tools label:has(#search){flex:1 1 100%}
#status{margin-left:0}
article{grid-template-columns:minmax(0,1fr);padding:12px}
article{scroll-margin-top:10px}
.value{grid-template-columns:110px minmax(0,1fr)}
.more{padding-left:120px}
tbody th,.listed tbody th{max-width:110px}
.figures,.figures tbody,.figures td{display:block}
.figures thead{display:none}
.figures tr{display:grid;grid-template-columns:repeat(4,minmax(0,1fr));gap:6px 8px;padding:6px 0}
.figures tbody th{grid-column:1/-1;max-width:none;padding:0;font-weight:600}
.figures td{text-align:left;padding:0;font-size:13px}
.figures td::before{content:attr(data-label);display:block;font-size:11px;line-height:1.2;color:var(--soft)}
}
@media print{.tools{display:none}article{break-inside:avoid;content-visibility:visible}}
`;
