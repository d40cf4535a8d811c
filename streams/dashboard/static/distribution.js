// How the values of an indicator are spread over the customers that are looked at.
import { Shown, useAnswer } from './answer.js';
import { axisText, Chart, tooltip } from './charts.js';
import * as format from './format.js';
import { html, useMemo } from './html.js';
import { language, t } from './i18n.js';
import { indicatorLabel, indicatorOf, model } from './model.js';
import { changed, patch } from './router.js';
import { Card, Empty, Select, Wide } from './ui.js';

export function Distribution({ query, filter }) {
  const name = indicatorOf(query.get('indicator'))
    ? query.get('indicator')
    : (model.value.profit ?? model.value.indicators[0].name);
  const answer = useAnswer(`/api/distribution?${changed(filter, { indicator: name })}`);
  const choose = html`<${Select} label=${t('distribution.indicator')} testid="distribution-indicator" value=${name}
    choose=${(next) => patch({ indicator: next })}
    options=${[true, false]
      .map((deciding) => ({
        group: t(deciding ? 'distribution.deciding' : 'distribution.others'),
        options: model.value.indicators
          .filter((each) => Boolean(each.deciding) === deciding)
          .map((each) => [each.name, indicatorLabel(each.name)]),
      }))
      .filter((each) => each.options.length)} />`;
  return html`
    <${Card} title=${indicatorLabel(name)} note=${t('distribution.note')} actions=${choose}>
      <${Shown} answer=${answer}>${(data) =>
        data.count === 0
          ? html`<${Empty} title=${t('distribution.empty')} hint=${t('distribution.empty_hint')} />`
          : html`<${Figures} data=${data} unit=${indicatorOf(data.indicator)?.unit} />
            <${Histogram} data=${data} unit=${indicatorOf(data.indicator)?.unit} query=${query} />`}
      <//>
    <//>`;
}

function Figures({ data, unit }) {
  const [q1, median, q3] = data.quartiles ?? [null, null, null];
  const figures = [
    ['min', data.min],
    ['q1', q1],
    ['median', median],
    ['mean', data.mean],
    ['q3', q3],
    ['max', data.max],
  ];
  return html`
    <dl class="figures" data-testid="distribution-stats">
      ${figures.map(([name, value]) => html`<div key=${name}><dt>${t(`distribution.${name}`)}</dt>
        <dd title=${format.valueExact(value, unit)} data-testid=${`stat-${name}`} data-value=${value}>
          ${format.value(value, unit)}</dd></div>`)}
      <div><dt>${t('distribution.count')}</dt><dd data-testid="stat-count" data-value=${data.count}>
        ${format.count(data.count)}</dd></div>
      <div><dt>${t('distribution.missing')}</dt><dd data-testid="stat-missing" data-value=${data.missing}>
        ${format.count(data.missing)}</dd></div>
    </dl>`;
}

// Bars of equal width, as bins for outliers at either end may be much wider than the others.
function Histogram({ data, unit, query }) {
  const { edges, counts } = data.histogram;
  const range = (n) => `${format.value(edges[n], unit)} – ${format.value(edges[n + 1], unit)}`;
  const shown = JSON.stringify(data.histogram);
  const option = useMemo(
    () => (colours) => ({
      grid: { left: 8, right: 16, top: 34, bottom: 4, containLabel: true },
      tooltip: {
        trigger: 'item',
        ...tooltip(colours, ({ dataIndex }) => [
          range(dataIndex),
          t('customers.count', { n: format.count(counts[dataIndex]), count: counts[dataIndex] }),
        ]),
      },
      xAxis: {
        type: 'value',
        min: 0,
        max: counts.length,
        interval: Math.ceil(counts.length / 10),
        ...axisText(colours),
        splitLine: { show: false },
        axisLabel: {
          color: colours.muted,
          formatter: (n) => format.value(edges[n], unit),
          hideOverlap: true,
          alignMinLabel: 'left',
          alignMaxLabel: 'right',
        },
      },
      yAxis: {
        type: 'value',
        ...axisText(colours),
        axisLabel: { color: colours.muted, formatter: (v) => format.compact(v) },
        minInterval: 1,
      },
      series: [
        {
          type: 'custom',
          data: counts.map((n, at) => [at, at + 1, n]),
          encode: { x: [0, 1], y: 2 },
          renderItem: (params, api) => bar(api, isWide(edges, params.dataIndex) ? colours.soft : colours.accent),
          markLine: mark(
            placeOf(edges, data.quartiles[1]),
            `${t('distribution.median')} ${format.value(data.quartiles[1], unit)}`,
            colours,
          ),
        },
      ],
    }),
    [shown, unit, language.value],
  );
  const keep = (at) =>
    patch({
      where: [
        ...query.getAll('where').filter((each) => !each.startsWith(`${data.indicator}:`)),
        `${data.indicator}:${edges[at]}:${edges[at + 1]}`,
      ],
      page: null,
    });
  return html`
    <${Chart} testid="distribution-chart" height=${300} option=${option} onClick=${({ dataIndex }) => keep(dataIndex)}
      label=${t('distribution.chart', { indicator: indicatorLabel(data.indicator) })} />
    ${[0, counts.length - 1].some((n) => isWide(edges, n)) && html`<p class="note">${t('distribution.outliers')}</p>`}
    <details class="as-table"><summary>${t('chart.as_table')}</summary>
      <${Wide} label=${t('chart.as_table')}><table><thead><tr><th scope="col">${t('distribution.range')}</th>
        <th scope="col" class="number">${t('customers.title')}</th></tr></thead>
        <tbody>${counts.map((n, at) => html`<tr key=${at}><th scope="row">
          <button type="button" class="link" onClick=${() => keep(at)}>${range(at)}</button></th><td class="number">
            ${format.count(n)}</td></tr>`)}</tbody></table><//>
    </details>`;
}

// Whether a bin at an end holds outliers: it is wider than those in the middle.
function isWide(edges, n) {
  const bins = edges.length - 1;
  if (bins < 4 || (n !== 0 && n !== bins - 1)) return false;
  const middle = bins >> 1;
  return edges[n + 1] - edges[n] > 1.5 * (edges[middle + 1] - edges[middle]);
}

// Where a value lies, in bins.
function placeOf(edges, value) {
  const n = Math.max(
    0,
    Math.min(
      edges.length - 2,
      edges.findLastIndex((edge) => edge <= value),
    ),
  );
  return n + (edges[n + 1] > edges[n] ? (value - edges[n]) / (edges[n + 1] - edges[n]) : 0.5);
}

function bar(api, fill) {
  const [left, top] = api.coord([api.value(0), api.value(2)]);
  const [right, bottom] = api.coord([api.value(1), 0]);
  return {
    type: 'rect',
    shape: { x: left + 1, y: top, width: Math.max(1, right - left - 2), height: bottom - top, r: [3, 3, 0, 0] },
    style: { fill },
    emphasis: { style: { opacity: 0.8 } },
    transition: ['shape'],
  };
}

const mark = (place, text, colours) => ({
  symbol: 'none',
  silent: true,
  animation: false,
  lineStyle: { color: colours.down, type: 'dashed', width: 1.5 },
  label: { color: colours.ink, formatter: () => text, position: 'end', fontSize: 12 },
  data: [{ xAxis: place }],
});
