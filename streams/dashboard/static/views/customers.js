// Customers: of a tier or all; as a list, as the distribution of an indicator, by what they are made up of.
import { useAnswer, Shown } from '../answer.js';
import { Composition } from '../composition.js';
import { Distribution } from '../distribution.js';
import { Filters, filterOf } from '../filters.js';
import * as format from '../format.js';
import { html, useEffect, useRef } from '../html.js';
import { t } from '../i18n.js';
import {
  ATTRIBUTES,
  byLabel,
  chosenScore,
  groupLabel,
  indicatorLabel,
  indicatorOf,
  model,
  scoreLabel,
  scoreOf,
  tierLabel,
  tierRank,
} from '../model.js';
import { changed, href, patch } from '../router.js';
import { ScoreSelect } from '../score_select.js';
import { tierColour } from '../theme.js';
import { Arrow, Bar, Card, CustomerLink, Empty, Icon, Page, Pager, Select, Tier, Wide } from '../ui.js';

const PER_PAGE = 50;
const TABS = ['list', 'distribution', 'composition'];

export function View({ query }) {
  const score = chosenScore(query);
  const tier = query.get('tier');
  const tab = TABS.includes(query.get('view')) ? query.get('view') : 'list';
  const whole = changed(query, { tier: null, view: null, page: null, moved: null, days: null, sort: null });
  const crumbs = html`
    <a href=${href(['pyramid'], whole)}>${t('nav.pyramid')} · ${scoreLabel(score)}</a>
    <span aria-hidden="true">›</span><span aria-current="page">
      ${tier ? tierLabel(score, tier) : t('customers.all')}</span>`;
  return html`
    <${Page} title=${tier ? tierLabel(score, tier) : t('customers.title')} crumbs=${crumbs}
      actions=${html`<${ScoreSelect} score=${score} /><${TierSelect} score=${score} tier=${tier} />`}>
      <${Filters} query=${query} score=${score} />
      <nav class="tabs" aria-label=${t('customers.views')}>
        ${TABS.map((each) => html`<a key=${each} data-testid=${`tab-${each}`}
          href=${href(['customers'], changed(query, { view: each }))} aria-current=${each === tab ? 'page' : null}>
            ${t(`customers.${each}`)}</a>`)}
      </nav>
      ${tab === 'list' && html`<${List} query=${query} score=${score} />`}
      ${tab === 'distribution' && html`<${Distribution} query=${query} filter=${filterOf(query, score)} />`}
      ${tab === 'composition' && html`<${Composition} query=${query} filter=${filterOf(query, score)}
        score=${score} />`}
    <//>`;
}

function TierSelect({ score, tier }) {
  const tiers = [...scoreOf(score).tiers].reverse().map((each) => [each.name, tierLabel(score, each.name)]);
  return html`
    <${Select} label=${t('customers.tier')} testid="tier-select" value=${tier ?? ''}
      choose=${(next) => patch({ tier: next || null, page: null })}
      options=${[['', t('customers.every_tier')], ...tiers]} />`;
}

function List({ query, score }) {
  const sort = query.get('sort') ?? '-score';
  const page = Number(query.get('page')) || 1;
  const extra = (query.get('columns') ?? '').split(',').filter(indicatorOf);
  const columns = [model.value.profit, ...extra].filter(Boolean);
  const filter = filterOf(query, score);
  const asked = changed(filter, { sort, page, per_page: PER_PAGE, columns: columns.join(',') });
  const answer = useAnswer(`/api/customers?${asked}`);
  const csv = `/api/customers.csv?${changed(filter, { sort, columns: columns.join(',') })}`;
  return html`
    <${Shown} answer=${answer} rows=${10}>${(data) => html`
      <${Card} title=${html`<span data-testid="customers-total" data-count=${data.total}>
        ${t('customers.count', { n: format.count(data.total), count: data.total })}</span>`}
        actions=${html`<${Columns} extra=${extra} /><a class="button" data-testid="export-csv" href=${csv} download>
          <${Icon} name="download" />${t('customers.export')}</a>`}>
        ${
          data.total === 0
            ? html`<${Empty} />`
            : html`
          <${Table} rows=${data.rows} score=${score} sort=${sort} columns=${columns} />
          <${Pager} page=${page} perPage=${PER_PAGE} total=${data.total} choose=${(next) => patch({ page: next })} />`
        }
      <//>`}
    <//>`;
}

// Which indicators are columns besides; closes when one clicks elsewhere or presses Escape.
function Columns({ extra }) {
  const menu = useRef(null);
  const others = model.value.indicators.filter((each) => each.name !== model.value.profit);
  useEffect(() => {
    const close = (event) => {
      if (event.key === 'Escape' || (!event.key && !menu.current.contains(event.target))) menu.current.open = false;
    };
    document.addEventListener('click', close);
    document.addEventListener('keydown', close);
    return () => {
      document.removeEventListener('click', close);
      document.removeEventListener('keydown', close);
    };
  }, []);
  const toggled = (name, isOn) => (isOn ? [...extra, name] : extra.filter((each) => each !== name));
  return html`
    <details class="menu" ref=${menu}>
      <summary class="button" data-testid="columns">${t('customers.columns')}</summary>
      <div class="menu-list">
        ${others.map(({ name }) => html`
          <label key=${name}><input type="checkbox" checked=${extra.includes(name)}
            onChange=${(event) => patch({ columns: toggled(name, event.target.checked).join(',') || null })} />
              ${indicatorLabel(name)}</label>`)}
      </div>
    </details>`;
}

function Table({ rows, score, sort, columns }) {
  return html`
    <${Wide} label=${t('customers.title')}>
      <table data-testid="customers-table">
        <thead><tr>
          <${Sorted} by="name" sort=${sort} text=${t('customers.customer')} />
          <th scope="col">${t('customers.tier')}</th>
          <${Sorted} by="score" sort=${sort} text=${t('customers.score')} number />
          ${columns.map((name) => html`<${Sorted} key=${name} by=${name} sort=${sort} text=${indicatorLabel(name)}
            number />`)}
          ${ATTRIBUTES.map((by) => html`<th scope="col" class="wide-only" key=${by}>${byLabel(by)}</th>`)}
          <th scope="col" class="wide-only">${t('customers.last_change')}</th>
        </tr></thead>
        <tbody>${rows.map((each) => html`<${Row} key=${each.customer_id} each=${each} score=${score}
          columns=${columns} />`)}</tbody>
      </table>
    <//>`;
}

function Sorted({ by, sort, text, number = false }) {
  const isBy = sort.replace(/^-/, '') === by;
  const isDown = sort.startsWith('-');
  const next = isBy ? (isDown ? by : `-${by}`) : number ? `-${by}` : by;
  return html`
    <th scope="col" class=${number ? 'number' : ''} aria-sort=${isBy ? (isDown ? 'descending' : 'ascending') : null}>
      <button type="button" class="sort" data-testid=${`sort-${by}`} onClick=${() => patch({ sort: next, page: null })}>
        ${text}<span aria-hidden="true">${isBy ? (isDown ? ' ↓' : ' ↑') : ''}</span></button>
    </th>`;
}

function Row({ each, score, columns }) {
  const { score: points = null, tier = null } = each.scores[score] ?? {};
  const tiers = scoreOf(score).tiers.length;
  return html`
    <tr data-testid=${`customer-row-${each.customer_id}`}>
      <th scope="row"><${CustomerLink} id=${each.customer_id} name=${each.name} score=${score} /><span class="note id">
        ${each.customer_id}</span></th>
      <td>${tier === null ? format.MISSING : html`<${Tier} score=${score} name=${tier} />`}</td>
      <td class="number"><span class="with-bar">${format.points(points)}
        <${Bar} share=${points / 100} colour=${tierColour(tierRank(score, tier), tiers)} /></span></td>
      ${columns.map((name) => html`<td class="number" key=${name}
        title=${format.valueExact(each.indicators[name], indicatorOf(name)?.unit)}>
          ${format.value(each.indicators[name], indicatorOf(name)?.unit)}</td>`)}
      ${ATTRIBUTES.map((by) => html`<td class="wide-only" key=${by}>
        ${each[by] === null || each[by] === undefined ? format.MISSING : groupLabel(by, each[by])}</td>`)}
      <td class="wide-only">${each.last_change ? html`<${Arrow}
        up=${each.last_change.direction === 'up'} /> ${tierLabel(score, each.last_change.from)} <span class="note">
          ${format.moment(each.last_change.occurred_at)}</span>` : format.MISSING}</td>
    </tr>`;
}
