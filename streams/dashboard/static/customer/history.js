// The tiers that a customer had: its score at each change, over the bounds of the tiers.
import { axisText, Chart, tooltip } from '../charts.js';
import * as format from '../format.js';
import { html, useMemo } from '../html.js';
import { language, t } from '../i18n.js';
import { scoreLabel, scoreOf, tierLabel } from '../model.js';
import { Card, Empty, Move } from '../ui.js';

const SHOWN = 6;
const DAY_MS = 86_400_000;

export function History({ history, held, score, at }) {
  const changes = history.filter((each) => each.score_name === score);
  const shown = JSON.stringify([changes.map((each) => each.id), held.score]);
  const option = useMemo(() => steps(changes, held, score, at), [shown, score, language.value]);
  return html`
    <${Card} title=${t('history.title')} id="history">
      ${
        changes.length === 0
          ? html`<${Empty} title=${t('history.none', { tier: tierLabel(score, held.tier) })}
            hint=${t('history.none_hint')} />`
          : html`
        <${Chart} height=${190} option=${option} label=${t('history.chart', { score: scoreLabel(score) })} />
        <ol class="changes brief">
          ${changes.slice(0, SHOWN).map((each) => html`<li key=${each.id}><div class="change-who">
            <${Move} change=${each} /><time class="note" datetime=${each.occurred_at}>
              ${format.moment(each.occurred_at)}</time></div></li>`)}
        </ol>
        ${changes.length > SHOWN && html`<p class="note">
          ${t('history.more', { n: changes.length - SHOWN, count: changes.length - SHOWN })}</p>`}`
      }
    <//>`;
}

const steps = (changes, held, score, at) => (colours) => {
  const points = [...changes].reverse().flatMap((each) => [
    [each.occurred_at, each.previous_score],
    [each.occurred_at, each.score],
  ]);
  if (at) points.push([at, held.score]);
  const bounds = scoreOf(score).tiers.filter((each) => each.enter_at !== null);
  const isShort = points.length > 0 && Date.parse(points.at(-1)[0]) - Date.parse(points[0][0]) < 2 * DAY_MS;
  const all = [...points.map(([, value]) => value), ...bounds.map((each) => each.enter_at)];
  return {
    grid: { left: 4, right: 76, top: 10, bottom: 4, containLabel: true },
    tooltip: {
      trigger: 'item',
      ...tooltip(colours, ({ value }) => [format.instant(value[0]), format.points(value[1])]),
    },
    xAxis: {
      type: 'time',
      ...axisText(colours),
      splitLine: { show: false },
      axisLabel: {
        color: colours.muted,
        hideOverlap: true,
        formatter: (ms) => (isShort ? format.clock(ms) : format.shortDay(ms)),
      },
    },
    yAxis: {
      type: 'value',
      min: Math.max(0, Math.floor(Math.min(...all) / 10) * 10),
      max: Math.min(100, Math.ceil(Math.max(...all) / 10) * 10),
      ...axisText(colours),
      splitNumber: 4,
    },
    series: [
      {
        type: 'line',
        data: points,
        symbolSize: 6,
        lineStyle: { color: colours.accent, width: 2 },
        itemStyle: { color: colours.accent },
        markLine: {
          symbol: 'none',
          silent: true,
          animation: false,
          lineStyle: { color: colours.muted, type: 'dashed', width: 1 },
          data: bounds.map((each) => ({
            yAxis: each.enter_at,
            label: {
              formatter: `${tierLabel(score, each.name)} ≥ ${format.plain(each.enter_at)}`,
              position: 'end',
              color: colours.muted,
              fontSize: 11,
            },
          })),
        },
      },
    ],
  };
};
