// Who moved between tiers: a matrix of then and now, and the newest moves.
import { Shown, useAnswer } from '../answer.js';
import { Changes } from '../changes.js';
import * as format from '../format.js';
import { Filters, filterOf } from '../filters.js';
import { html } from '../html.js';
import { t } from '../i18n.js';
import { chosenScore, scoreLabel, tierLabel } from '../model.js';
import { changed, href, patch } from '../router.js';
import { ScoreSelect } from '../score_select.js';
import { palette } from '../theme.js';
import { Arrow, Card, Choice, Page, Wide } from '../ui.js';

const DAYS = [1, 7, 30];

export function View({ query }) {
  const score = chosenScore(query);
  const days = DAYS.includes(Number(query.get('days'))) ? Number(query.get('days')) : 7;
  const filter = filterOf(query, score, ['tier', 'moved']);
  const moves = useAnswer(`/api/movements?${changed(filter, { days })}`);
  const recent = useAnswer(`/api/movements/recent?${changed(filter, { limit: 50 })}`);
  const span = html`<${Choice} label=${t('movements.span')} value=${days} choose=${(next) => patch({ days: next })}
    options=${DAYS.map((each) => [each, t('movements.days', { n: each }), `days-${each}`])} />`;
  return html`
    <${Page} title=${t('movements.title')} actions=${html`<${ScoreSelect} score=${score} />${span}`}>
      <${Filters} query=${changed(query, { days: null })} score=${score} />
      <${Shown} answer=${moves}>${(data) => html`
        <div class="stack">
          <div class="tiles">
            <${Tile} name="up" value=${data.up} /><${Tile} name="down" value=${data.down} />
              <${Tile} name="returned" value=${data.returned} />
          </div>
          <${Card} title=${t('movements.matrix', { score: scoreLabel(score) })} note=${t('movements.note')}>
            <${Matrix} data=${data} query=${filter} score=${data.score} /><//>
        </div>`}
      <//>
      <${Card} title=${t('movements.recent')}><${Shown} answer=${recent}>
        ${(data) => html`<${Changes} changes=${data.changes} />`}<//><//>
    <//>`;
}

const Tile = ({ name, value }) => html`
  <div class="tile"><span class="note">${t(`movements.${name}`)}</span>
    <b data-testid=${`moved-${name}`} data-count=${value}>
      ${name !== 'returned' && html`<${Arrow} up=${name === 'up'} /> `}${format.count(value)}</b></div>`;

// Rows and columns from the best tier to the lowest, so that above the diagonal is what fell.
function Matrix({ data, query, score }) {
  const { tiers, matrix, days } = data;
  const most = Math.max(1, ...matrix.flat());
  const order = tiers.map((_, n) => tiers.length - 1 - n);
  return html`
    <${Wide} label=${t('movements.matrix', { score: scoreLabel(score) })}>
      <table class="matrix" data-testid="movements-matrix">
        <caption class="hidden">${t('movements.caption')}</caption>
        <thead><tr><th scope="col"><span class="note axes"><span>${t('movements.then')} ↓</span> <span>
          ${t('movements.now')} →</span></span></th>${order.map((now) => html`<th scope="col" key=${now}>
            ${tierLabel(score, tiers[now])}</th>`)}</tr></thead>
        <tbody>${order.map(
          (then) => html`
          <tr key=${then}><th scope="row">${tierLabel(score, tiers[then])}</th>
            ${order.map(
              (
                now,
              ) => html`<${Cell} key=${now} n=${matrix[then][now]} most=${most} then=${tiers[then]} now=${tiers[now]}
                kind=${Math.sign(now - then)} score=${score}
              to=${href(['customers'], changed(query, { score, moved: `${tiers[then]}:${tiers[now]}`, days }))} />`,
            )}
          </tr>`,
        )}</tbody>
      </table>
    <//>
    <p class="note legend"><${Arrow} up /> ${t('movements.up')} <${Arrow} /> ${t('movements.down')} <span
      aria-hidden="true">↺</span> ${t('movements.returned')}</p>`;
}

// `kind` 1: up, -1: down, 0: came back. The deeper the colour, the more of them.
function Cell({ n, most, then, now, kind, score, to }) {
  const colours = palette();
  const colour = kind > 0 ? colours.up : kind < 0 ? colours.down : colours.muted;
  const depth = n === 0 ? 0 : 8 + 26 * Math.sqrt(n / most);
  const label = t(kind === 0 ? 'movements.cell_back' : 'movements.cell', {
    n: format.count(n),
    from: tierLabel(score, then),
    to: tierLabel(score, now),
    count: n,
  });
  const inside = html`<span class="sign" aria-hidden="true" style=${{ color: colour }}>
    ${n === 0 ? '' : kind > 0 ? '▲' : kind < 0 ? '▼' : '↺'}</span>${format.count(n)}`;
  return html`
    <td style=${{ background: `color-mix(in srgb, ${colour} ${depth}%, transparent)` }}>
      ${
        n === 0
          ? html`<span class="cell nobody" data-testid=${`move-${then}-${now}`} data-count="0">0</span>`
          : html`<a class="cell" href=${to} aria-label=${label} title=${label} data-testid=${`move-${then}-${now}`}
            data-count=${n}>${inside}</a>`
      }
    </td>`;
}
