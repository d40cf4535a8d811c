// Small parts that every view is put together from.
import { html, useEffect, useLayoutEffect, useRef, useState } from './html.js';
import { t } from './i18n.js';
import * as format from './format.js';
import { scoreOf, tierLabel, tierRank } from './model.js';
import { href } from './router.js';
import { isStill, tierColour } from './theme.js';

const ICONS = {
  pyramid: 'M12 3 3 20h18zM8.6 9.5h6.8M5.9 14.6h12.2',
  customers:
    'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c.4-3.6 3-5.5 6.5-5.5s6.1 1.9 6.5 5.5M16 4.3a3.5 3.5 0 0 1 0 6.4M17.5 14.8c2.3.6 3.7 2.3 4 5.2',
  movements: 'M7 20V5M3.5 8.5 7 5l3.5 3.5M17 4v15M13.5 15.5 17 19l3.5-3.5',
  alerts: 'M6 17V11a6 6 0 0 1 12 0v6l1.5 2h-15zM10 21.5h4',
  rfm: 'M4 4h4.5v4.5H4zM9.8 4h4.5v4.5H9.8zM15.5 4H20v4.5h-4.5zM4 9.8h4.5v4.5H4zM9.8 9.8h4.5v4.5H9.8zM15.5 9.8H20v4.5h-4.5zM4 15.5h4.5V20H4zM9.8 15.5h4.5V20H9.8zM15.5 15.5H20V20h-4.5z',
  model: 'M4 7h9M17 7h3M4 12h3M11 12h9M4 17h11M19 17h1M15 5v4M9 10v4M17 15v4',
  health: 'M3 12h4l2.5-7 4.5 14 2.5-7H21',
  more: 'M4.2 12a1 1 0 1 0 2 0 1 1 0 1 0-2 0M11 12a1 1 0 1 0 2 0 1 1 0 1 0-2 0M17.8 12a1 1 0 1 0 2 0 1 1 0 1 0-2 0',
  close: 'M6 6l12 12M18 6 6 18',
  filter: 'M4 5h16l-6.3 7.5V19l-3.4-1.8v-4.7z',
  download: 'M12 4v11M7.5 10.5 12 15l4.5-4.5M5 20h14',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z',
  leave: 'M14 4H5v16h9M10 12h11M17.5 8.5 21 12l-3.5 3.5',
  messages: 'M4 5h16v11H9l-5 4z',
  silent: 'M8 5h12v11h-4M4 7v13l5-4h4M3 3l18 18',
  search: 'M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5 20.5 20.5',
};

export const Icon = ({ name }) => html`
  <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d=${ICONS[name]} /></svg>`;

export function Card({ title, note, actions, children, id, className = '' }) {
  return html`
    <section class=${`card ${className}`} data-testid=${id}>
      ${
        (title || actions) &&
        html`
        <header class="card-head">
          <div>${title && html`<h2>${title}</h2>`}${note && html`<p class="note">${note}</p>`}</div>
          ${actions && html`<div class="actions">${actions}</div>`}
        </header>`
      }
      ${children}
    </section>`;
}

export const Loading = ({ rows = 4 }) => html`
  <div class="skeleton" role="status" data-testid="state-loading">
    <span class="hidden">${t('state.loading')}</span>
    ${Array.from({ length: rows }, (_, n) => html`<span key=${n} class="bone"></span>`)}
  </div>`;

export const Empty = ({ title = t('state.empty'), hint = t('state.empty_hint'), children }) => html`
  <div class="state" data-testid="state-empty"><strong>${title}</strong><p>${hint}</p>${children}</div>`;

// A failure says what happened, as the server words it, and what to do.
export function Failure({ error, again, small = false }) {
  const key = `failure.${error.status}`;
  const what = t(key) === key ? t('failure.other', { status: error.status }) : t(key);
  const hint = t({ 0: 'failure.hint_network', 404: 'failure.hint_404' }[error.status] ?? 'failure.hint');
  return html`
    <div class=${`state failure ${small ? 'small' : ''}`} role="alert" data-testid="state-failure">
      <strong>${what}</strong>
      ${error.status !== 0 && html`<p>${error.message}</p>`}
      <p>${hint}${error.hint && ` (${error.hint})`}</p>
      ${again && html`<button type="button" onClick=${again}>${t('failure.again')}</button>`}
    </div>`;
}

export function Tier({ score, name }) {
  const colour = tierColour(tierRank(score, name), scoreOf(score).tiers.length);
  return html`<span class="tier"><span class="dot" style=${{ background: colour }}></span>
    ${tierLabel(score, name)}</span>`;
}

// ▲ or ▼ with a word for those who do not see it.
export const Arrow = ({ up }) => html`
  <span class=${up ? 'up' : 'down'}><span aria-hidden="true">${up ? '▲' : '▼'}</span><span class="hidden">
    ${t(up ? 'move.up' : 'move.down')}</span></span>`;

export function Move({ change }) {
  const [from, to] = [change.from, change.to].map((tier) => tierLabel(change.score_name, tier));
  const arrow = html`<span aria-hidden="true">→</span><span class="hidden">${t('move.to')}</span>`;
  return html`<span class="move"><${Arrow} up=${change.direction === 'up'} /> ${from} ${arrow} <b>${to}</b></span>`;
}

export const CustomerLink = ({ id, name, score }) => html`
  <a class="customer" href=${href(['customer', id], { score })}>${name || id}</a>`;

// A number that runs to its new value, and lights up for a moment when it changes.
export function Live({ value, write = format.count, testid }) {
  const shown = useRef(value);
  const [, draw] = useState(0);
  const [lit, light] = useState(false);
  useLayoutEffect(() => {
    if (shown.current === value) return undefined;
    const from = shown.current;
    if (isStill() || typeof from !== 'number' || typeof value !== 'number') {
      shown.current = value;
      draw((n) => n + 1);
      return undefined;
    }
    light(true);
    const began = performance.now();
    let frame = requestAnimationFrame(function run(now) {
      const share = Math.min(1, (now - began) / 600);
      shown.current = share === 1 ? value : from + (value - from) * (1 - (1 - share) ** 3);
      draw((n) => n + 1);
      if (share < 1) frame = requestAnimationFrame(run);
    });
    const off = setTimeout(() => light(false), 1400);
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(off);
      shown.current = value;
      light(false);
    };
  }, [value]);
  return html`<span class=${lit ? 'live lit' : 'live'} data-testid=${testid} data-count=${value}>
    ${write(shown.current)}</span>`;
}

export const Bar = ({ share, colour, className = '' }) => html`
  <span class=${`bar ${className}`} aria-hidden="true">
    <span style=${{ width: `${100 * Math.max(0, Math.min(1, share || 0))}%`, background: colour }}></span></span>`;

// One of a few: a row of buttons. `options` are [value, text, test id].
export const Choice = ({ label, value, options, choose }) => html`
  <div class="choice" role="group" aria-label=${label}>
    ${options.map(
      ([each, text, testid]) => html`
      <button type="button" key=${each} data-testid=${testid} aria-pressed=${each === value}
        onClick=${() => choose(each)}>${text}</button>`,
    )}
  </div>`;

// One of many. `options` are [value, text], or {group, options} of them.
export const Select = ({ label, value, options, choose, testid, seen = true }) => html`
  <label class="select"><span class=${seen ? '' : 'hidden'}>${label}</span>
    <select data-testid=${testid} value=${value ?? ''} onChange=${(event) => choose(event.target.value)}>
      ${options.map((each) =>
        each.group
          ? html`<optgroup key=${each.group} label=${each.group}>${each.options.map(option(value))}</optgroup>`
          : option(value)(each),
      )}
    </select>
  </label>`;

const option =
  (value) =>
  ([each, text]) =>
    html`<option key=${each} value=${each} selected=${each === (value ?? '')}>${text}</option>`;

// A table that scrolls within its card, also by keyboard: sideways, and down if it may be tall.
export const Wide = ({ label, tall = false, children }) => html`
  <div class=${tall ? 'wide scrolls' : 'wide'} tabindex="0" role="group" aria-label=${label}>${children}</div>`;

let isFirstPage = true;

// A view: its heading takes the focus, so that keyboards and screen readers begin there.
export function Page({ title, crumbs, children, actions, id = 'title' }) {
  const heading = useRef(null);
  useEffect(() => {
    document.title = `${title} · ValuePulse`;
  }, [title]);
  useEffect(() => {
    if (!isFirstPage) heading.current.focus({ preventScroll: true });
    isFirstPage = false;
  }, []);
  return html`
    <div class="page">
      ${crumbs && html`<nav class="crumbs" aria-label=${t('nav.crumbs')}>${crumbs}</nav>`}
      <div class="page-head"><h1 tabindex="-1" ref=${heading} data-testid=${id}>${title}</h1>
        ${actions && html`<div class="actions">${actions}</div>`}</div>
      ${children}
    </div>`;
}

export function Pager({ page, perPage, total, choose }) {
  const last = Math.max(1, Math.ceil(total / perPage));
  const from = total ? (page - 1) * perPage + 1 : 0;
  const to = Math.min(total, page * perPage);
  const range = { from: format.count(from), to: format.count(to), total: format.count(total) };
  return html`
    <nav class="pager" aria-label=${t('pager.label')}>
      <span>${t('pager.range', range)}</span>
      <button type="button" data-testid="page-previous" disabled=${page <= 1} onClick=${() => choose(page - 1)}>
        ${t('pager.previous')}</button>
      <button type="button" data-testid="page-next" disabled=${page >= last} onClick=${() => choose(page + 1)}>
        ${t('pager.next')}</button>
    </nav>`;
}
