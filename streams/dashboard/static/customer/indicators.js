// Every indicator of a customer, with a mark on what was filled in or clipped for the score.
import * as format from '../format.js';
import { html, useState } from '../html.js';
import { t } from '../i18n.js';
import { indicatorLabel } from '../model.js';
import { Card, Empty, Icon, Wide } from '../ui.js';
import { Clipped, Filled } from './terms.js';

export function Indicators({ data, explained }) {
  const [text, set] = useState('');
  const marks = new Map((explained?.terms ?? []).map((term) => [term.indicator, term]));
  const wanted = text.trim().toLowerCase();
  const shown = data.indicators.filter(({ name }) => `${name} ${indicatorLabel(name)}`.toLowerCase().includes(wanted));
  const search = html`<label class="search"><span class="hidden">${t('indicators.search')}</span>
    <${Icon} name="search" /><input type="search" placeholder=${t('indicators.search')} value=${text}
      onInput=${(event) => set(event.target.value)} /></label>`;
  return html`
    <${Card} title=${t('indicators.title')} actions=${search}>
      ${
        shown.length === 0
          ? html`<${Empty} title=${t('indicators.none')} hint=${t('indicators.none_hint')} />`
          : html`
        <${Wide} label=${t('indicators.title')} tall>
          <table class="tight" data-testid="indicator-table"><thead><tr><th scope="col">
            ${t('distribution.indicator')}</th><th scope="col" class="number">${t('terms.value')}</th></tr></thead>
            <tbody>${shown.map(
              ({ name, value, unit }) => html`
              <tr key=${name}><th scope="row">${indicatorLabel(name)} <${Mark} term=${marks.get(name)} /></th>
                <td class="number" title=${format.valueExact(value, unit)}>${value === null ? html`<span class="note">
                  ${t('indicators.missing')}</span>` : format.value(value, unit)}</td></tr>`,
            )}</tbody></table>
        <//>`
      }
    <//>`;
}

const Mark = ({ term }) =>
  term &&
  html`
  ${term.filled && html`<${Filled} how=${term.filled.how} />`}${term.clipped && html`<${Clipped} />`}`;
