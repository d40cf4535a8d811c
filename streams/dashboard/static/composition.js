// What the customers that are looked at are made up of: a bar for each group, with count and share.
import { Shown, useAnswer } from './answer.js';
import { narrow } from './filters.js';
import * as format from './format.js';
import { html } from './html.js';
import { t } from './i18n.js';
import { ATTRIBUTES, byLabel, groupLabel, model } from './model.js';
import { changed, patch } from './router.js';
import { palette } from './theme.js';
import { Bar, Card, Empty, Select } from './ui.js';

const OTHER = '…other';

export function Composition({ query, filter, score }) {
  const by = query.get('by') ?? 'industry';
  const answer = useAnswer(`/api/composition?${changed(filter, { by })}`);
  const choose = html`<${Select} label=${t('composition.by')} testid="composition-by" value=${by}
    choose=${(next) => patch({ by: next })} options=${[
    { group: t('composition.attributes'), options: ATTRIBUTES.map((each) => [each, byLabel(each)]) },
    {
      group: t('composition.segments'),
      options: model.value.segments.map(({ name }) => [`segment:${name}`, byLabel(`segment:${name}`)]),
    },
    {
      group: t('composition.tiers'),
      options: model.value.scores
        .filter(({ name }) => name !== score)
        .map(({ name }) => [`tier:${name}`, byLabel(`tier:${name}`)]),
    },
  ]} />`;
  return html`
    <${Card} title=${t('composition.title', { by: byLabel(by) })} note=${t('composition.note')} actions=${choose}>
      <${Shown} answer=${answer}>${(data) => (data.total === 0 ? html`<${Empty} />` : html`<${Groups}
        data=${data} />`)}<//>
    <//>`;
}

function Groups({ data: { by, groups } }) {
  const most = Math.max(...groups.map((each) => each.share));
  return html`
    <table class="groups" data-testid="composition-table">
      <thead><tr><th scope="col">${byLabel(by)}</th><th scope="col"><span class="hidden">
        ${t('composition.bar')}</span></th><th scope="col" class="number">${t('customers.title')}</th>
          <th scope="col" class="number">${t('composition.share')}</th></tr></thead>
      <tbody>${groups.map(
        (each) => html`
        <tr key=${each.value}>
          <th scope="row"><${Group} by=${by} each=${each} /></th>
          <td class="bar-cell"><${Bar} share=${each.share / most} colour=${palette().accent} /></td>
          <td class="number">${format.count(each.customers)}</td>
          <td class="number">${format.percent(each.share)}</td>
        </tr>`,
      )}</tbody>
    </table>`;
}

// A group to click, where one can filter by it.
function Group({ by, each }) {
  if (each.value === OTHER) return t('composition.other', { n: each.others, count: each.others });
  const value = each.value ?? '';
  const text = groupLabel(by, value);
  if (by.startsWith('tier:')) return text;
  return html`<button type="button" class="link" onClick=${() => patch(narrow(by, value))}>${text}</button>`;
}
