// How the whole runs: events a second, lag, dead letters, what the page holds in memory.
import { Shown, useAnswer } from '../answer.js';
import { axisText, Chart } from '../charts.js';
import { useCell } from '../cell.js';
import * as format from '../format.js';
import { html, useMemo } from '../html.js';
import { t } from '../i18n.js';
import { speeds } from '../live.js';
import { Card, Empty, Page, Wide } from '../ui.js';

export function View() {
  const answer = useAnswer('/api/health');
  return html`
    <${Page} title=${t('health.title')}>
      <${Shown} answer=${answer}>${(data) => html`
        <div class="stack">
          ${data.kafka !== 'ok' && html`<p class="banner" role="alert">
            ${t('health.kafka_is', { reason: data.kafka })}</p>`}
          <div class="tiles">
            <${Tile} label=${t('health.events')} value=${format.points(data.events_per_s)} testid="health-events" />
            <${Tile} label=${t('health.lag')} value=${format.count(data.lag.total)} testid="health-lag" />
            <${Tile} label=${t('health.dead')} value=${format.count(data.dead_letters.total)}
              testid="health-dead-letters" />
            <${Tile} label=${t('health.behind')} value=${format.count(data.feed.behind)} testid="health-behind" />
            <${Tile} label=${t('health.memory')} value=${`${format.count(data.feed.memory_mib)} MiB`}
              testid="health-memory" />
          </div>
          <${Card} title=${t('health.speed')} note=${t('health.speed_note')}><${Speed} /><//>
          <div class="columns halves">
            <${Card} title=${t('health.topics')}><${Topics} topics=${data.topics} /><//>
            <${Card} title=${t('health.partitions')} note=${t('health.partitions_note')}>
              <${Partitions} lag=${data.lag} /><//>
          </div>
          <${Card} title=${t('health.recent_dead')} note=${t('health.dead_note')}>
            <${Dead} letters=${data.dead_letters.recent} /><//>
          <p class="note">${held(data.feed)}</p>
        </div>`}
      <//>
    <//>`;
}

const Tile = ({ label, value, testid }) =>
  html`<div class="tile"><span class="note">${label}</span><b data-testid=${testid}>${value}</b></div>`;

function Speed() {
  const points = useCell(speeds);
  const option = useMemo(
    () => (colours) => ({
      animation: false,
      grid: { left: 4, right: 10, top: 10, bottom: 4, containLabel: true },
      xAxis: {
        type: 'time',
        ...axisText(colours),
        splitLine: { show: false },
        axisLabel: { color: colours.muted, hideOverlap: true, formatter: (ms) => format.clock(ms) },
      },
      yAxis: { type: 'value', min: 0, ...axisText(colours), splitNumber: 3 },
      series: [
        {
          type: 'line',
          data: points,
          showSymbol: false,
          lineStyle: { color: colours.accent, width: 2 },
          areaStyle: { color: colours.soft },
        },
      ],
    }),
    [points],
  );
  return html`<${Chart} height=${160} option=${option} label=${t('health.speed')} />`;
}

const Topics = ({ topics }) => html`
  <${Wide} label=${t('health.topics')}><table class="tight"><thead><tr><th scope="col">${t('health.topic')}</th>
    <th scope="col" class="number">${t('health.events')}</th><th scope="col" class="number">
      ${t('health.records')}</th></tr></thead>
    <tbody>${topics.map((each) => html`<tr key=${each.topic}><th scope="row">${each.topic}</th><td class="number">
      ${format.points(each.events_per_s)}</td><td class="number">
        ${format.count(each.end)}</td></tr>`)}</tbody></table><//>`;

function Partitions({ lag }) {
  const late = lag.partitions.filter((each) => each.lag > 0);
  if (lag.total === null)
    return html`<${Empty} title=${t('health.lag_unknown')} hint=${t('health.lag_unknown_hint')} />`;
  if (late.length === 0) return html`<${Empty} title=${t('health.no_lag')} hint=${t('health.no_lag_hint')} />`;
  return html`<${Wide} label=${t('health.partitions')}><table class="tight"><thead><tr><th scope="col">
    ${t('health.topic')}</th><th scope="col" class="number">${t('health.partition')}</th><th scope="col" class="number">
      ${t('health.records')}</th></tr></thead>
    <tbody>${late.map((each) => html`<tr key=${`${each.topic}${each.partition}`}><th scope="row">${each.topic}</th>
      <td class="number">${each.partition}</td><td class="number">
        ${format.count(each.lag)}</td></tr>`)}</tbody></table><//>`;
}

const Dead = ({ letters }) =>
  letters.length === 0
    ? html`<${Empty} title=${t('health.no_dead')} hint=${t('health.no_dead_hint')} />`
    : html`
  <${Wide} label=${t('health.recent_dead')}><table class="tight"><thead><tr><th scope="col">${t('health.when')}</th>
    <th scope="col">${t('health.topic')}</th><th scope="col">${t('health.place')}</th><th scope="col">
      ${t('health.why')}</th></tr></thead>
    <tbody>${letters.map((each) => html`<tr key=${`${each.topic}${each.partition}${each.offset}`}><td>
      ${format.moment(each.at)}</td><td>${each.topic}</td><td><code>${each.partition}:${each.offset}</code></td><td>
        ${each.error}</td></tr>`)}</tbody></table><//>`;

const held = (feed) =>
  t('health.held', {
    customers: format.count(feed.customers),
    changes: format.count(feed.changes),
    alerts: format.count(feed.alerts),
    started: feed.started_at ? format.moment(feed.started_at) : format.MISSING,
    took: feed.loaded_after_s === null ? format.MISSING : format.points(feed.loaded_after_s),
  });
