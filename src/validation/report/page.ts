/** Statistics as one HTML file that needs nothing else: no network, no fonts, no libraries. */
import { type Anomalies, type AnomalyInfo, type Feature, formatText } from '../metadata/index.ts';
import { behaviour } from './behaviour.ts';
import type { ComparedFeature, Comparison, FeatureKind, FeatureSummary } from './compare.ts';
import { escaped, figure, isolated, percent } from './markup.ts';
import { categoricalPlot, labelsOf, numericPlot, sharesOf } from './plots.ts';
import { MOST_DATASETS, STYLE } from './style.ts';

export interface ReportOptions {
  /** Shown in place, with the part of the schema that they are measured by. @default none */
  readonly anomalies?: Anomalies | undefined;
}

/** Values listed of a feature; fewer where there are many features, so that the file stays small. */
const MOST_VALUES = 100;
const FEW_VALUES = 10;
const MANY_FEATURES = 500;
/** Missing values and zeros that are this much are shown in red. */
const HIGH_SHARE = 0.1;

const SECTIONS: readonly (readonly [FeatureKind, string])[] = [
  ['numeric', 'Numeric features'],
  ['categorical', 'Categorical features'],
  ['other', 'Other features'],
];

/** The page. The first dataset is what distances are taken from; colours come round again after eight. */
export function reportPage(comparison: Comparison, options: ReportOptions = {}): string {
  const { datasets, features } = comparison;
  const { anomalies } = options;
  const names = datasets.map(({ name }) => name);
  const mostValues = features.length > MANY_FEATURES ? FEW_VALUES : MOST_VALUES;
  const sections = SECTIONS.map(([kind, title]) => {
    const cards = features.flatMap((feature, at) =>
      feature.kind === kind ? [card({ names, feature, at, anomalies, mostValues })] : [],
    );
    return cards.length === 0
      ? ''
      : `<section data-kind="${kind}"><h2>${title} <small>${cards.length}</small></h2>${cards.join('\n')}</section>`;
  });
  const title = `Statistics of ${names.join(', ')}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<div class="top">
<h1>Statistics</h1>
<ul class="datasets">${datasets
    .map(
      ({ name, numExamples }, at) =>
        `<li class="d${at % MOST_DATASETS}"><span class="swatch"></span>${isolated(name)} <span class="soft">${figure(numExamples)} examples</span></li>`,
    )
    .join('')}</ul>
</div>
${tools(comparison, anomalies !== undefined)}
<main>
${anomalyList(features, anomalies)}
${sections.join('\n')}
</main>
<script>${behaviour};behaviour()</script>
</body>
</html>
`;
}

function tools({ datasets, features }: Comparison, hasAnomalies: boolean): string {
  const kinds = SECTIONS.flatMap(([kind, title]) => {
    const number = features.reduce((sum, feature) => sum + (feature.kind === kind ? 1 : 0), 0);
    const word = title.split(' ')[0];
    return number === 0
      ? []
      : [`<label><input type="checkbox" name="kind" value="${kind}" checked>${word} (${number})</label>`];
  });
  const distance = datasets.length > 1 ? '<option value="distance" selected>Distance</option>' : '';
  const anomalous = hasAnomalies ? '<label><input type="checkbox" id="anomalous">Only anomalies</label>' : '';
  return `<div class="tools" hidden><div role="search">
<label><input type="search" id="search" placeholder="Search features  /" aria-label="Search features"></label>
<label>Sort by <select id="sort">${distance}<option value="given">Data order</option><option value="name">Name</option><option value="missing">Missing</option><option value="zeros">Zeros</option></select></label>
${kinds.join('')}${anomalous}
<label>Scale <select id="scale"><option value="linear">Linear</option><option value="log">Log</option></select></label>
<label>Axis <select id="axis"><option value="whole">Whole range</option><option value="middle">Without tails</option></select></label>
<label><select id="scheme" aria-label="Colours"><option value="light dark">System colours</option><option value="light">Light</option><option value="dark">Dark</option></select></label>
<span id="status" class="soft" role="status"></span>
</div></div>`;
}

function anomalyBox(heading: string, { severity, shortDescription = '', description = '' }: AnomalyInfo): string {
  const mild = severity === 'WARNING' ? ' warning' : '';
  return `<div class="anomaly${mild}"><b>${heading}${escaped(shortDescription)}</b> ${escaped(description.trim())}</div>`;
}

/** Anomalies of the whole dataset, and of paths that no feature here has. */
function anomalyList(features: readonly ComparedFeature[], anomalies: Anomalies | undefined): string {
  if (!anomalies) return '';
  const here = new Set(features.map(({ path }) => path));
  const { datasetAnomalyInfo, anomalyInfo, dataMissing } = anomalies;
  const boxes = [
    ...(dataMissing ? ['<div class="anomaly"><b>There are no examples.</b></div>'] : []),
    ...(datasetAnomalyInfo ? [anomalyBox('', datasetAnomalyInfo)] : []),
    ...[...(anomalyInfo ?? [])].flatMap(([path, info]) =>
      here.has(path) ? [] : [anomalyBox(`${isolated(path)}: `, info)],
    ),
  ];
  const links = [...(anomalyInfo?.keys() ?? [])].flatMap((path) =>
    here.has(path) ? [`<a href="#f${features.findIndex((one) => one.path === path)}">${isolated(path)}</a>`] : [],
  );
  if (boxes.length + links.length === 0) return '<p class="soft">No anomalies.</p>';
  const linked = links.length === 0 ? '' : `<p class="soft">Anomalies of ${links.join(', ')}.</p>`;
  return `<div class="anomalies">${linked}${boxes.join('')}</div>`;
}

interface Card {
  readonly names: readonly string[];
  readonly feature: ComparedFeature;
  /** Place in the order of the data. */
  readonly at: number;
  readonly anomalies: Anomalies | undefined;
  readonly mostValues: number;
}

function card({ names, feature, at, anomalies, mostValues }: Card): string {
  const { path, kind, sides, absentIn, divergence, linf, missingShare } = feature;
  const named = sides.flatMap((side, index) => (side ? [{ name: names[index], at: index % MOST_DATASETS, side }] : []));
  const types = [...new Set(named.map(({ side }) => side.type))].join(' → ');
  const info = anomalies?.anomalyInfo?.get(path);
  const zeros = Math.max(...named.map(({ side }) => side.numeric?.zeroShare ?? 0));
  // A feature that a dataset lacks is further off than any that both have.
  const distance = absentIn.length > 0 ? 2 : (divergence ?? -1);
  const far = [
    ...(divergence === undefined ? [] : [`JS divergence ${divergence.toFixed(3)}`]),
    ...(linf === undefined ? [] : [`L∞ ${linf.toFixed(3)}`]),
  ].join(' · ');
  return `<article id="f${at}" data-path="${escaped(path)}" data-kind="${kind}" data-at="${at}" data-distance="${distance}" data-missing="${missingShare}" data-zeros="${zeros}"${info ? ' data-anomaly' : ''}>
<div><header><h3>${isolated(path)}</h3><span class="type">${types}</span>${far === '' ? '' : `<span class="far">${far}</span>`}${
    absentIn.length === 0 ? '' : `<span class="absent">not in ${absentIn.map(isolated).join(', ')}</span>`
  }</header>
<table class="figures">${tableOf(kind, named)}</table></div>
<div>${kind === 'numeric' ? numericPlot(path, named) : kind === 'categorical' ? categoricalPlot(named) : ''}</div>
${info ? anomalyBox('', info) : ''}${detailsOf(feature, named, mostValues, info ? anomalies?.baseline?.feature : undefined)}
</article>`;
}

type Named = { readonly name: string; readonly at: number; readonly side: FeatureSummary };

const HEADS: Readonly<Record<FeatureKind, readonly string[]>> = {
  numeric: ['', 'count', 'missing', 'mean', 'std dev', 'zeros', 'min', 'median', 'max'],
  categorical: ['', 'count', 'missing', 'unique', 'top', 'top share', 'mean length'],
  other: ['', 'count', 'missing', 'values'],
};

function tableOf(kind: FeatureKind, named: readonly Named[]): string {
  const head = HEADS[kind].map((title) => `<th scope="col">${title}</th>`).join('');
  const rows = named.map(
    ({ name, at, side }) =>
      `<tr><th scope="row" class="d${at}" title="${escaped(name)}"><span class="swatch"></span>${isolated(name)}</th>${[figure(side.present), shareText(side.missingShare), ...cellsOf(side)].map((text, column) => `<td data-label="${HEADS[kind][column + 1]}">${text}</td>`).join('')}</tr>`,
  );
  return `<thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody>`;
}

function shareText(share: number): string {
  return share >= HIGH_SHARE ? `<span class="high">${percent(share)}</span>` : percent(share);
}

function cellsOf({ numeric, categorical, values }: FeatureSummary): string[] {
  const text = (x: number): string => (values === 0 ? '–' : figure(x));
  if (numeric) {
    const { mean, stdDev, zeroShare, min, median, max } = numeric;
    return [text(mean), text(stdDev), shareText(zeroShare), text(min), text(median), text(max)];
  }
  if (!categorical) return [figure(values)];
  const { unique, counts, avgLength } = categorical;
  const [top] = sharesOf(counts);
  const word = top ? `<span title="${escaped(top[0])}">${isolated(top[0])}</span>` : '–';
  return [figure(unique), word, top ? percent(top[1]) : '–', text(avgLength)];
}

/** Every value or bucket in numbers, and the schema where it is broken. */
function detailsOf(
  { path, kind }: ComparedFeature,
  named: readonly Named[],
  mostValues: number,
  schema: readonly Feature[] | undefined,
): string {
  const broken = schema?.find(({ name }) => name === path);
  const parts = [
    ...(kind === 'numeric' ? bucketParts(named) : kind === 'categorical' ? [valuePart(named, mostValues)] : []),
    ...(broken ? [`<div><h4>Schema</h4><pre>${escaped(formatText('Feature', broken))}</pre></div>`] : []),
  ];
  const title = kind === 'numeric' ? 'Buckets and quantiles' : kind === 'categorical' ? 'Values' : 'Schema';
  const isEmpty = parts.every((part) => part === '');
  return isEmpty ? '' : `<details><summary>${title}</summary><div class="parts">${parts.join('')}</div></details>`;
}

function valuePart(named: readonly Named[], mostValues: number): string {
  const sides = named.map(({ side }) => side.categorical?.counts ?? new Map<string, number>());
  const shares = sides.map(sharesOf);
  const labels = labelsOf(shares);
  if (labels.length === 0) return '';
  const rows = labels
    .slice(0, mostValues)
    .map(
      (label) =>
        `<tr><th scope="row" title="${escaped(label)}">${isolated(label)}</th>${sides
          .map(
            (counts, at) => `<td>${figure(counts.get(label) ?? 0)}</td><td>${percent(shares[at].get(label) ?? 0)}</td>`,
          )
          .join('')}</tr>`,
    );
  const head = named.map(({ name }) => `<th scope="col" colspan="2">${isolated(name)}</th>`).join('');
  const more = labels.length - rows.length;
  return `<div class="scroll"><table class="listed"><thead><tr><th scope="col">value</th>${head}</tr></thead><tbody>${rows.join('')}</tbody></table>${more > 0 ? `<p class="soft">and ${figure(more)} more</p>` : ''}</div>`;
}

function bucketParts(named: readonly Named[]): string[] {
  return named.flatMap(({ name, side }) => {
    const { standard, quantiles } = side.numeric ?? {};
    return [['buckets', standard] as const, ['quantiles', quantiles] as const].flatMap(([called, histogram]) => {
      const rows = (histogram?.buckets ?? []).map(
        ({ lowValue = 0, highValue = 0, sampleCount = 0 }) =>
          `<tr><td>${figure(lowValue)}</td><td>${figure(highValue)}</td><td>${figure(Math.round(sampleCount))}</td></tr>`,
      );
      const head = '<thead><tr><th scope="col">from</th><th scope="col">to</th><th scope="col">count</th></tr></thead>';
      return rows.length === 0
        ? []
        : [`<div><h4>${isolated(name)}, ${called}</h4><table>${head}<tbody>${rows.join('')}</tbody></table></div>`];
    });
  });
}
