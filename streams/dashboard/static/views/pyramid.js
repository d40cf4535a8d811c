// The pyramid of a score: a band for each tier, the best at the tip, with what it counts for.
import { Shown, useAnswer } from '../answer.js';
import { Changes } from '../changes.js';
import { Chart } from '../charts.js';
import * as format from '../format.js';
import { Filters, filterOf } from '../filters.js';
import { html, useMemo, useState } from '../html.js';
import { t } from '../i18n.js';
import { chosenScore, indicatorLabel, model, scoreLabel, tierLabel } from '../model.js';
import { changed, go, href } from '../router.js';
import { ScoreSelect } from '../score_select.js';
import { tierColour } from '../theme.js';
import { Arrow, Bar, Card, Empty, Live, Page } from '../ui.js';

const LOWEST_PX = 68;
const AT_LEAST_PX = 300;

export function View({ query }) {
  const score = chosenScore(query);
  const filter = filterOf(query, score, ['tier']);
  const pyramid = useAnswer(`/api/pyramid?${filter}`);
  return html`
    <${Page} title=${t('pyramid.title')} actions=${html`<${ScoreSelect} score=${score} />`}>
      <${Filters} query=${query} score=${score} />
      <${Shown} answer=${pyramid} rows=${8}>${(data) => html`
        <div class="columns main-aside">
          <div class="stack">
            <${Tiles} data=${data} score=${score} filter=${filter} />
            <${Card} title=${scoreLabel(data.score)} note=${t('pyramid.note')} className="pyramid-card">
              ${
                data.customers === 0
                  ? html`<${Empty} title=${t('pyramid.empty')}
                    hint=${t(filter.size > 1 ? 'state.empty_hint' : 'pyramid.empty_hint')} />`
                  : html`<${Pyramid} data=${data} score=${data.score} query=${query} />`
              }
            <//>
          </div>
          <${Recent} filter=${filter} />
        </div>`}
      <//>
    <//>`;
}

function Pyramid({ data, score, query }) {
  const [lit, light] = useState(null);
  const tiers = [...data.tiers].reverse();
  const height = Math.max(LOWEST_PX, AT_LEAST_PX / tiers.length);
  const to = (tier) => href(['customers'], changed(query, { score, tier }));
  const names = tiers.map((each) => each.tier).join();
  const option = useMemo(() => bands(score, names.split(','), lit), [score, names, lit]);
  return html`
    <div class="pyramid" onMouseLeave=${() => light(null)}>
      <${Chart} testid="pyramid-chart" height=${height * tiers.length}
        label=${t('pyramid.chart', { score: scoreLabel(score) })} option=${option}
        onClick=${({ dataIndex }) => go(to(tiers[dataIndex].tier))}
          onHover=${(at) => light(at ? at.dataIndex : null)} />
      <ol class="tier-rows" aria-label=${t('pyramid.rows')}>
        ${tiers.map(
          (each, n) => html`
          <li key=${each.tier} style=${{ height: `${height}px` }}>
            <a class=${`tier-row ${lit === n ? 'lit' : ''}`} href=${to(each.tier)}
              data-testid=${`pyramid-tier-${each.tier}`}
              onMouseEnter=${() => light(n)} onFocus=${() => light(n)} onBlur=${() => light(null)}>
              <${TierRow} each=${each} score=${score} />
            </a>
          </li>`,
        )}
      </ol>
    </div>`;
}

const TierRow = ({ each, score }) => html`
  <span class="tier-name"><b>${tierLabel(score, each.tier)}</b><span class="note">
    ${t('pyramid.mean', { score: format.points(each.mean_score) })}</span></span>
  <span class="tier-count"><b><${Live} value=${each.customers} testid=${`pyramid-count-${each.tier}`} /></b>
    <span class="note">${t('pyramid.customers', { n: each.customers })}</span></span>
  <span class="tier-shares">
    <span class="share people"><span class="note">${t('pyramid.of_customers')}</span>
      <${Bar} share=${each.share_of_customers} /><b>${format.percent(each.share_of_customers)}</b></span>
    <span class="share profit" title=${format.moneyExact(each.profit)}><span class="note">
      ${t('pyramid.of_profit')}</span><${Bar} share=${each.share_of_profit} /><b>
        ${format.percent(each.share_of_profit)}</b></span>
  </span>`;

// Bands of equal height whose edges are two straight lines from the tip, each with a line to its row.
const bands = (score, tiers, lit) => (colours) => ({
  grid: { left: 0, right: 0, top: 0, bottom: 0 },
  series: [
    {
      type: 'custom',
      coordinateSystem: 'none',
      data: tiers.map((name, n) => ({ name, value: [n] })),
      renderItem: (params, api) => band(params.dataIndex, tiers.length, api, colours, lit),
    },
  ],
});

function band(n, of, api, colours, lit) {
  const [width, height] = [api.getWidth(), api.getHeight()];
  const gap = n === 0 ? 0 : 3;
  const [top, bottom] = [(n * height) / of + gap, ((n + 1) * height) / of];
  const base = Math.min(width * 0.94, height * 1.25);
  const half = (y) => (base * y) / height / 2;
  const middle = width / 2;
  const y = (top + bottom) / 2;
  const fades = lit !== null && lit !== n;
  return {
    type: 'group',
    children: [
      {
        type: 'line',
        silent: true,
        shape: { x1: middle + half(y), y1: y, x2: width, y2: y },
        style: { stroke: colours.line, lineWidth: 1 },
      },
      {
        type: 'polygon',
        shape: {
          points: [
            [middle - half(top), top],
            [middle + half(top), top],
            [middle + half(bottom), bottom],
            [middle - half(bottom), bottom],
          ],
        },
        style: { fill: tierColour(of - 1 - n, of), opacity: fades ? 0.55 : 1 },
        transition: ['style'],
      },
    ],
  };
}

// Four numbers that tell how things stand.
function Tiles({ data, score, filter }) {
  const moves = useAnswer(`/api/movements?${filter}&days=1`);
  const alerts = useAnswer(`/api/alerts?state=open&per_page=1&${filter}`);
  const profit = indicatorLabel(model.value.profit);
  return html`
    <div class="tiles">
      <div class="tile"><span class="note">${t('pyramid.customers_all')}</span><b>
        <${Live} value=${data.customers} write=${format.count} testid="customers-all" /></b></div>
      <div class="tile"><span class="note">${profit}</span><b title=${format.moneyExact(data.profit)}>
        ${format.money(data.profit)}</b></div>
      <a class="tile" href=${href(['movements'], changed(filter, { days: 1 }))}><span class="note">
        ${t('pyramid.moved')}</span>
        <b>${moves.data ? html`<${Arrow}
          up /> ${format.count(moves.data.up)} <${Arrow} /> ${format.count(moves.data.down)}` : format.MISSING}</b></a>
      <a class="tile" href="#/alerts"><span class="note">${t('pyramid.alerts')}</span><b>
        ${alerts.data ? format.count(alerts.data.counts.open ?? 0) : format.MISSING}</b></a>
    </div>`;
}

function Recent({ filter }) {
  const recent = useAnswer(`/api/movements/recent?${filter}&limit=8`);
  return html`<${Card} title=${t('pyramid.recent')} note=${t('pyramid.recent_note')} className="aside">
    <${Shown} answer=${recent} rows=${6}>${(data) => html`<${Changes} changes=${data.changes} brief />`}<//><//>`;
}
