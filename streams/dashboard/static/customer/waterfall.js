// How a score comes together: each indicator's points begin where those before end.
import { axisText, Chart, tooltip } from '../charts.js';
import * as format from '../format.js';
import { html, useMemo } from '../html.js';
import { inWords, language, t } from '../i18n.js';
import { indicatorLabel, scoreLabel, scoreOf } from '../model.js';
import { Wide } from '../ui.js';

const ROW_PX = 27;
const LABEL_PX = 150;

export function Waterfall({ held, score }) {
  const parts = held.contributions;
  const shown = JSON.stringify([parts, held.score, held.to_next]);
  const option = useMemo(() => waterfall(held, score), [shown, score, language.value]);
  return html`
    <${Chart} testid="waterfall" height=${ROW_PX * (parts.length + 1) + 48} option=${option}
      label=${t('waterfall.chart', { score: scoreLabel(score), points: format.points(held.score) })} />
    <details class="as-table"><summary>${t('chart.as_table')}</summary>
      <${Wide} label=${t('chart.as_table')}><table>
        <thead><tr><th scope="col">${t('distribution.indicator')}</th><th scope="col">${t('terms.group')}</th>
          <th scope="col" class="number">${t('terms.points')}</th></tr></thead>
        <tbody>${parts.map((each) => html`<tr key=${each.indicator}><th scope="row">
          ${indicatorLabel(each.indicator)}</th><td>${groupLabel(score, each.group)}</td><td class="number">
            ${format.points(each.points)}</td></tr>`)}</tbody>
      </table><//>
    </details>`;
}

export const groupLabel = (score, name) =>
  name ? inWords(scoreOf(score).groups.find((each) => each.name === name)?.label, name) : format.MISSING;

const waterfall = (held, score) => (colours) => {
  const parts = held.contributions;
  const groups = [...new Set(parts.map((each) => each.group))];
  const shades = [colours.ramp[3], colours.ramp[2], colours.ramp[4], colours.ramp[1]];
  let sum = 0;
  const bars = parts.map(({ indicator, points, group }) => {
    const from = sum;
    sum += points;
    return {
      name: indicatorLabel(indicator),
      group: groupLabel(score, group),
      from: Math.min(from, sum),
      points,
      colour: points < 0 ? colours.down : shades[groups.indexOf(group) % shades.length],
    };
  });
  bars.push({ name: scoreLabel(score), from: 0, points: held.score, colour: colours.ink, isSum: true });
  const goal = held.to_next?.points > 0 ? held.score + held.to_next.points : null;
  return {
    grid: { left: 4, right: 14, top: 6, bottom: 4, containLabel: true },
    tooltip: {
      trigger: 'item',
      ...tooltip(colours, ({ dataIndex }) => [
        bars[dataIndex].name,
        `${bars[dataIndex].group ? `${bars[dataIndex].group} · ` : ''}${format.points(bars[dataIndex].points)}`,
      ]),
    },
    xAxis: { type: 'value', min: 0, max: Math.max(100, Math.ceil(held.score)), ...axisText(colours) },
    yAxis: {
      type: 'category',
      inverse: true,
      data: bars.map((each) => each.name),
      ...axisText(colours),
      axisLabel: { color: colours.ink, fontSize: 12, width: LABEL_PX, overflow: 'truncate', interval: 0 },
    },
    series: [
      {
        type: 'bar',
        stack: 'all',
        silent: true,
        itemStyle: { color: 'transparent' },
        data: bars.map((each) => each.from),
      },
      {
        type: 'bar',
        stack: 'all',
        barWidth: '62%',
        data: bars.map(({ points, colour, isSum }) => ({
          value: Math.abs(points),
          itemStyle: { color: colour, borderRadius: 2 },
          label: { fontWeight: isSum ? 700 : 400 },
        })),
        label: {
          show: true,
          position: 'right',
          color: colours.ink,
          fontSize: 12,
          formatter: ({ dataIndex }) => format.points(bars[dataIndex].points),
        },
        markLine:
          goal === null
            ? undefined
            : {
                symbol: 'none',
                silent: true,
                lineStyle: { color: colours.muted, type: 'dashed' },
                label: { show: false },
                data: [{ xAxis: goal }],
              },
      },
    ],
  };
};
