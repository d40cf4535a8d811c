// What drove a change: points of each indicator before and after, as bars left and right of zero.
import * as format from './format.js';
import { html } from './html.js';
import { t } from './i18n.js';
import { indicatorLabel } from './model.js';
import { palette } from './theme.js';

export function Drivers({ drivers, most = 5 }) {
  if (drivers.length === 0) return html`<p class="note">${t('drivers.none')}</p>`;
  const shown = drivers.slice(0, most);
  const largest = Math.max(...shown.map((each) => Math.abs(each.delta)));
  const rest = drivers.slice(most).reduce((sum, each) => sum + each.delta, 0);
  return html`
    <ul class="drivers">
      ${shown.map(
        (each) => html`
        <li key=${each.indicator}>
          <span>${indicatorLabel(each.indicator)}</span>
          <${Swing} share=${each.delta / largest} />
          <b class=${each.delta > 0 ? 'up' : 'down'}>${format.signed(each.delta)}</b>
          <span class="note wide-only">${format.points(each.before)} → ${format.points(each.after)}</span>
        </li>`,
      )}
      ${drivers.length > most && html`<li class="note"><span>
        ${t('drivers.others', { n: drivers.length - most, count: drivers.length - most })}</span><span></span><b>
          ${format.signed(rest)}</b></li>`}
    </ul>`;
}

const Swing = ({ share }) => html`
  <span class="swing" aria-hidden="true"><span style=${{
    [share > 0 ? 'left' : 'right']: '50%',
    width: `${50 * Math.abs(share)}%`,
    background: share > 0 ? palette().up : palette().down,
  }}></span></span>`;
