// Recency by frequency: five grades each, and the classes that the model makes of them.
import { Shown, useAnswer } from '../answer.js';
import { Filters, filterOf } from '../filters.js';
import * as format from '../format.js';
import { html } from '../html.js';
import { inWords, t } from '../i18n.js';
import { chosenScore, segmentLabel } from '../model.js';
import { changed, href, patch } from '../router.js';
import { palette } from '../theme.js';
import { Bar, Card, Choice, Empty, Page, Wide } from '../ui.js';

const MEASURES = ['customers', 'mean_monetary', 'profit'];

export function View({ query }) {
  const score = chosenScore(query);
  const filter = filterOf(query, score, ['tier', 'moved']);
  const answer = useAnswer(`/api/rfm?${filter}`);
  const measure = MEASURES.includes(query.get('measure')) ? query.get('measure') : 'customers';
  const choose = html`<${Choice} label=${t('rfm.measure')} value=${measure} choose=${(next) => patch({ measure: next })}
    options=${MEASURES.map((each) => [each, t(`rfm.${each}`), `rfm-${each}`])} />`;
  return html`
    <${Page} title=${t('rfm.title')} actions=${choose}>
      <${Filters} query=${query} score=${score} />
      <${Shown} answer=${answer}>${(data) =>
        data.available === false
          ? html`<div class="card"><${Empty} title=${t('rfm.unavailable')} hint=${t('rfm.unavailable_hint')} /></div>`
          : html`
          <div class="columns rfm">
            <${Card} title=${t('rfm.grid')} note=${t(data.cuts === 'model' ? 'rfm.by_model' : 'rfm.by_customers')}>
              <${Grid} grid=${data.grid} measure=${measure} /><//>
            <${Card} title=${data.segment ? segmentLabel(data.segment) : t('rfm.classes')}
              note=${t('rfm.classes_note')}><${Classes} classes=${data.classes} segment=${data.segment ?? 'rfm'}
                filter=${filter} /><//>
          </div>`}
      <//>
    <//>`;
}

function Grid({ grid, measure }) {
  const values = grid.flat().map((each) => each[measure] ?? 0);
  const most = Math.max(1e-9, ...values);
  const write = measure === 'customers' ? format.compact : format.money;
  const { accent } = palette();
  const depth = (cell) => Math.round(4 + 30 * Math.sqrt(Math.max(0, cell[measure] ?? 0) / most));
  const tint = (cell) => `color-mix(in srgb, ${accent} ${depth(cell)}%, transparent)`;
  const besides = ({ share, customers }) =>
    (measure === 'customers' ? format.percent(share) : `n = ${format.compact(customers)}`);
  return html`
    <${Wide} label=${t('rfm.grid')}>
      <table class="rfm-grid" data-testid="rfm-grid">
        <caption class="hidden">${t('rfm.caption')}</caption>
        <thead><tr><th scope="col"><span class="note axes"><span>${t('rfm.recency')} ↓</span> <span>
          ${t('rfm.frequency')} →</span></span></th>${[1, 2, 3, 4, 5].map((f) => html`<th scope="col"
            key=${f}>F${f}</th>`)}</tr></thead>
        <tbody>${grid.map(
          (row, n) => html`
          <tr key=${n}><th scope="row">R${5 - n}</th>
            ${row.map(
              (cell, f) => html`
              <td key=${f} data-testid=${`rfm-cell-${5 - n}-${f + 1}`} data-count=${cell.customers}
                style=${{ background: tint(cell) }}>
                <b>${write(cell[measure])}</b><span class="note">${besides(cell)}</span>
              </td>`,
            )}
          </tr>`,
        )}</tbody>
      </table>
    <//>`;
}

function Classes({ classes, segment, filter }) {
  const most = Math.max(1e-9, ...classes.map((each) => each.share));
  const others = filter.getAll('segment').filter((other) => !other.startsWith(`${segment}:`));
  const to = (name) => href(['customers'], changed(filter, { segment: [...others, `${segment}:${name}`] }));
  return html`
    <ul class="class-rows">${classes.map(
      (each) => html`
      <li key=${each.class}>
        <a href=${to(each.class)} data-testid=${`rfm-class-${each.class}`} data-count=${each.customers}>
          <span>${inWords(each.label, each.class)}</span>
            <${Bar} share=${each.share / most} colour=${palette().accent} /><b>${format.count(each.customers)}</b>
              <span class="note">${format.percent(each.share)}</span>
        </a>
      </li>`,
    )}</ul>`;
}
