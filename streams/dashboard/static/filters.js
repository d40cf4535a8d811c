// Which customers a view is about. The address holds it, in the names of the API.
import { useAnswer } from './answer.js';
import { html, useEffect, useRef, useState } from './html.js';
import { t } from './i18n.js';
import {
  ATTRIBUTES,
  byLabel,
  classLabel,
  groupLabel,
  indicatorLabel,
  indicatorOf,
  model,
  segmentLabel,
  tierLabel,
} from './model.js';
import { unitKind, value as written } from './format.js';
import { patch, search } from './router.js';
import { Icon, Select } from './ui.js';

const ONCE = ['tier', ...ATTRIBUTES, 'q'];
const MANY = ['segment', 'where'];
const ANY = '*';
const NONE = Object.fromEntries([...ATTRIBUTES, 'q', ...MANY, 'moved', 'days', 'page'].map((name) => [name, null]));

// The filter of an address as parameters for the API, without those named.
export function filterOf(query, score, without = []) {
  const params = search({ score });
  for (const name of [...ONCE, ...MANY]) {
    if (!without.includes(name)) for (const each of query.getAll(name)) params.append(name, each);
  }
  if (query.get('moved') && !without.includes('moved')) {
    params.append('moved', query.get('moved'));
    params.append('days', query.get('days') ?? '7');
  }
  return params;
}

// A value that differs from what is filtered by: the address with one more, or one less, of it.
export const narrow = (by, value) =>
  by.startsWith('segment:')
    ? { segment: [...valuesExcept('segment', `${by.slice(8)}:`), `${by.slice(8)}:${value}`], page: null }
    : { [by]: value, page: null };

const valuesExcept = (name, prefix) =>
  new URLSearchParams(location.hash.split('?')[1]).getAll(name).filter((each) => !each.startsWith(prefix));

export function Filters({ query, score }) {
  const chips = chipsOf(query, score);
  const [isOpen, open] = useState(false);
  return html`
    <div class="filters" role="search" aria-label=${t('filter.label')}>
      <div class="filter-row">
        <${Search} query=${query} />
        <button type="button" data-testid="filter-toggle" aria-expanded=${isOpen} onClick=${() => open(!isOpen)}>
          <${Icon} name="filter" />${t('filter.title')}</button>
        ${chips.map(
          ({ text, without }) => html`
          <button type="button" class="chip" key=${text} onClick=${() => patch({ ...without, page: null })}
            aria-label=${t('filter.remove', { what: text })}>${text}<${Icon} name="close" /></button>`,
        )}
        ${chips.length > 1 && html`<button type="button" class="quiet" onClick=${() => patch(NONE)}>
          ${t('filter.clear')}</button>`}
      </div>
      ${isOpen && html`<${Panel} query=${query} />`}
    </div>`;
}

function Search({ query }) {
  const asked = query.get('q') ?? '';
  const [text, set] = useState(asked);
  const timer = useRef(null);
  useEffect(() => {
    set(asked);
  }, [asked]);
  const typed = (event) => {
    const next = event.target.value;
    set(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => patch({ q: next.trim() || null, page: null }), 250);
  };
  return html`
    <label class="search"><span class="hidden">${t('filter.search')}</span><${Icon} name="search" />
      <input type="search" data-testid="search" maxlength="100" placeholder=${t('filter.search')} value=${text}
        onInput=${typed} />
    </label>`;
}

const Panel = ({ query }) => html`
  <div class="filter-panel">
    ${ATTRIBUTES.map((by) => html`<${AttributeSelect} key=${by} by=${by} query=${query} />`)}
    ${model.value.segments.map((each) => html`<${SegmentSelect} key=${each.name} segment=${each} query=${query} />`)}
    <${Range} query=${query} />
  </div>`;

function AttributeSelect({ by, query }) {
  const { data } = useAnswer(`/api/composition?by=${by}`, { live: false });
  const value = query.get(by) ?? ANY;
  const known = (data?.groups ?? []).map((group) => group.value).filter((each) => each !== null && each !== '…other');
  const values = ['', ANY, ...known].includes(value) ? known : [value, ...known];
  const none = data || value === '' ? [['', t('composition.none')]] : [];
  return html`<${Select} label=${byLabel(by)} testid=${`filter-${by}`} value=${value}
    choose=${(next) => patch({ [by]: next === ANY ? null : next, page: null })}
    options=${[[ANY, t('filter.any')], ...values.map((each) => [each, groupLabel(by, each)]), ...none]} />`;
}

function SegmentSelect({ segment, query }) {
  const others = query.getAll('segment').filter((each) => !each.startsWith(`${segment.name}:`));
  const value =
    query
      .getAll('segment')
      .find((each) => each.startsWith(`${segment.name}:`))
      ?.slice(segment.name.length + 1) ?? ANY;
  const classes = segment.classes.map((each) => [each.name, classLabel(segment.name, each.name)]);
  return html`<${Select} label=${segmentLabel(segment.name)} testid=${`filter-segment-${segment.name}`} value=${value}
    choose=${(next) => patch({ segment: next === ANY ? others : [...others, `${segment.name}:${next}`], page: null })}
    options=${[[ANY, t('filter.any')], ...classes]} />`;
}

// Bounds of an indicator; per cent are typed as per cent.
function Range({ query }) {
  const [indicator, choose] = useState(model.value.profit);
  const [low, setLow] = useState('');
  const [high, setHigh] = useState('');
  const scale = unitKind(indicatorOf(indicator)?.unit) === 'ratio' ? 100 : 1;
  const bound = (text) => (text === '' ? '' : String(Number(text) / scale));
  const add = (event) => {
    event.preventDefault();
    if (low === '' && high === '') return;
    patch({ where: [...query.getAll('where'), `${indicator}:${bound(low)}:${bound(high)}`], page: null });
    setLow('');
    setHigh('');
  };
  const field = (label, text, set) => html`
    <label class="field"><span>${label}${scale === 100 ? ' (%)' : ''}</span>
      <input type="number" step="any" value=${text} onInput=${(event) => set(event.target.value)} /></label>`;
  return html`
    <form class="range" onSubmit=${add}>
      <${Select} label=${t('filter.indicator')} value=${indicator} choose=${choose}
        options=${model.value.indicators.map((each) => [each.name, indicatorLabel(each.name)])} />
      ${field(t('filter.at_least'), low, setLow)}
      ${field(t('filter.at_most'), high, setHigh)}
      <button type="submit">${t('filter.add')}</button>
    </form>`;
}

// What is filtered by, each with the change of the address that takes it away.
function chipsOf(query, score) {
  const chips = [];
  for (const by of ATTRIBUTES) {
    if (query.has(by))
      chips.push({ text: `${byLabel(by)}: ${groupLabel(by, query.get(by))}`, without: { [by]: null } });
  }
  for (const each of query.getAll('segment')) {
    const [name, value] = split(each, 2);
    chips.push({
      text: `${segmentLabel(name)}: ${classLabel(name, value)}`,
      without: { segment: query.getAll('segment').filter((other) => other !== each) },
    });
  }
  for (const each of query.getAll('where')) {
    const [name, low, high] = split(each, 3);
    const unit = indicatorOf(name)?.unit;
    const bounds = [low && `≥ ${written(Number(low), unit)}`, high && `≤ ${written(Number(high), unit)}`]
      .filter(Boolean)
      .join(' ');
    chips.push({
      text: `${indicatorLabel(name)} ${bounds}`,
      without: { where: query.getAll('where').filter((other) => other !== each) },
    });
  }
  if (query.get('moved')) {
    const [from, to] = split(query.get('moved'), 2);
    const days = query.get('days') ?? '7';
    chips.push({
      text: t(from === to ? 'filter.returned' : 'filter.moved', {
        from: tierLabel(score, from),
        to: tierLabel(score, to),
        days,
        count: days,
      }),
      without: { moved: null, days: null },
    });
  }
  return chips;
}

const split = (text, parts) => {
  const found = text.split(':');
  return [...found.slice(0, parts - 1), found.slice(parts - 1).join(':')];
};
