// A word in passing about a tier that changed or an alert that came.
import { cell } from './cell.js';
import * as format from './format.js';
import { html, useEffect, useState } from './html.js';
import { t } from './i18n.js';
import { on } from './live.js';
import { chosenScore } from './model.js';
import { route } from './router.js';
import { CustomerLink, Icon, Move } from './ui.js';

// Whether messages are shown; kept in this browser.
export const areOn = cell(localStorage.getItem('vp.messages') !== 'off');

export function toggleMessages() {
  localStorage.setItem('vp.messages', areOn.value ? 'off' : 'on');
  areOn.set(!areOn.value);
}

const SHOWN = 3;
const STAYS_MS = 7000;
const APART_MS = 1200; // what comes faster than one reads is counted, not shown

const withMore =
  (n) =>
  ([first, ...rest]) =>
    first ? [{ ...first, more: first.more + n }, ...rest] : [];

export function Toasts() {
  const [toasts, set] = useState([]);
  const close = (id) => set((all) => all.filter((each) => each.id !== id));
  useEffect(() => {
    let last = 0;
    const tell = (kind) => (data) => {
      const isOfScore = kind === 'alert' ? data.state === 'open' : data.score_name === chosenScore(route.value.query);
      if (!isOfScore || !areOn.value || document.hidden) return;
      const now = Date.now();
      if (now - last < APART_MS) return set(withMore(1));
      last = now;
      const toast = { id: `${kind}${data.id}${now}`, kind, data, more: 0 };
      set((all) => [toast, ...all].slice(0, SHOWN));
      setTimeout(close, STAYS_MS, toast.id);
      return undefined;
    };
    const ends = [
      on('tier-change', tell('tier-change')),
      on('alert', tell('alert')),
      on('missed', ({ n }) => set(withMore(n))),
    ];
    return () => ends.forEach((end) => end());
  }, []);
  return html`
    <div class="toasts" role="status" aria-live="polite" aria-label=${t('toast.label')}>
      ${toasts.map((toast) => html`<${Toast} key=${toast.id} toast=${toast} close=${() => close(toast.id)} />`)}
    </div>`;
}

const Toast = ({ toast: { kind, data, more }, close }) => html`
  <div class=${`toast ${kind === 'alert' ? 'down' : data.direction}`} data-testid="toast" data-kind=${kind}
    data-customer=${data.customer_id}>
    <div>
      <${CustomerLink} id=${data.customer_id} name=${data.name} score=${data.score_name} />
      ${
        kind === 'alert'
          ? html`<p class="down"><b>⚠ ${t('alert.dropped', { points: format.points(data.drop) })}</b></p>`
          : html`<p><${Move} change=${data} /> <span class="note">
            ${format.points(data.previous_score)} → ${format.points(data.score)}</span></p>`
      }
      ${more > 0 && html`<p class="note">${t('toast.more', { n: format.count(more), count: more })}</p>`}
    </div>
    <button type="button" class="icon-button" aria-label=${t('toast.close')} onClick=${close}>
      <${Icon} name="close" /></button>
  </div>`;
