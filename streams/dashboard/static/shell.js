// What surrounds every view: navigation, the one as-of, banners, switches, toasts.
import { asOf, logOut, session } from './api.js';
import { useCell } from './cell.js';
import * as format from './format.js';
import { html } from './html.js';
import { choose, language, t } from './i18n.js';
import { stream } from './live.js';
import { route } from './router.js';
import { theme, toggleTheme } from './theme.js';
import { areOn, Toasts, toggleMessages } from './toasts.js';
import { Icon } from './ui.js';

const PLACES = ['pyramid', 'customers', 'movements', 'alerts', 'rfm', 'model', 'health'];
const ON_PHONE = ['pyramid', 'customers', 'movements', 'alerts'];

export const Shell = ({ children }) => html`
  <a class="skip" href="#main" onClick=${toMain}>${t('nav.skip')}</a>
  <div class="shell">
    <${Navigation} />
    <div class="body">
      <${Header} />
      <${Banner} />
      <main id="main" tabindex="-1">${children}</main>
    </div>
    <${Toasts} />
  </div>`;

function toMain(event) {
  event.preventDefault();
  document.getElementById('main').focus();
}

function Navigation() {
  const { path } = useCell(route);
  const named = path[0] === 'customer' ? 'customers' : path[0];
  const here = [...PLACES, 'more'].includes(named) ? named : 'pyramid';
  const item = (name, isHere, className = '') => html`
    <li key=${name} class=${className}><a href=${`#/${name}`} data-testid=${`nav-${name}`}
      aria-current=${isHere ? 'page' : null}><${Icon} name=${name} /><span>${t(`nav.${name}`)}</span></a></li>`;
  return html`
    <nav class="side" aria-label=${t('nav.label')}>
      <a class="brand" href="#/pyramid"><img src="/static/icon.svg" alt="" width="26" height="26" />
        <span>ValuePulse</span></a>
      <ul>
        ${PLACES.map((name) => item(name, name === here, ON_PHONE.includes(name) ? '' : 'wide-only'))}
        ${item('more', !ON_PHONE.includes(here), 'phone-only')}
      </ul>
    </nav>`;
}

function Header() {
  const { state } = useCell(stream);
  const at = useCell(asOf);
  const who = useCell(session);
  return html`
    <header class="top">
      <p class="as-of" data-testid="as-of" data-at=${at?.at}
        title=${at?.day ? t('header.day', { day: format.day(at.day) }) : null}>
        <span class=${`pulse ${state}`} data-testid="live-state" data-state=${state} title=${t(`live.${state}`)}>
          <span class="hidden">${t(`live.${state}`)}</span></span>
        ${at?.at ? html`<span class="wide-only">${t('header.as_of')}</span> <time datetime=${at.at}>
          ${format.instant(at.at)}</time>` : t('header.waiting')}
      </p>
      <div class="actions">
        <${MessageSwitch} />
        <${LanguageSwitch} />
        <${ThemeSwitch} />
        <${Who} who=${who} />
      </div>
    </header>`;
}

const Who = ({ who }) => html`
  <span class="who wide-only" data-testid="session-name"
    title=${who.owner ? t('header.only_own', { owner: who.owner }) : null}>
      ${who.auth === false ? t('header.no_auth') : `${who.name} · ${t(`role.${who.role}`)}`}</span>
  ${who.auth !== false && html`<button type="button" class="icon-button" data-testid="logout"
    aria-label=${t('header.log_out')} title=${t('header.log_out')} onClick=${() => logOut()}>
      <${Icon} name="leave" /></button>`}`;

export function LanguageSwitch() {
  const isChinese = useCell(language) === 'zh';
  return html`
    <button type="button" class="icon-button text" data-testid="language-switch" lang=${isChinese ? 'en' : 'zh-CN'}
      onClick=${() => choose(isChinese ? 'en' : 'zh')}
      aria-label=${isChinese ? 'Switch to English' : '切换到中文'}>${isChinese ? 'EN' : '中'}</button>`;
}

export function ThemeSwitch() {
  const isDark = useCell(theme) === 'dark';
  const label = t(isDark ? 'header.to_light' : 'header.to_dark');
  return html`<button type="button" class="icon-button" data-testid="theme-switch" aria-label=${label} title=${label}
    onClick=${toggleTheme}><${Icon} name=${isDark ? 'sun' : 'moon'} /></button>`;
}

function MessageSwitch() {
  const isOn = useCell(areOn);
  const label = t('header.messages');
  return html`<button type="button" class="icon-button" data-testid="message-switch" aria-label=${label}
    title=${t(isOn ? 'header.messages_on' : 'header.messages_off')} aria-pressed=${isOn} onClick=${toggleMessages}>
      <${Icon} name=${isOn ? 'messages' : 'silent'} /></button>`;
}

// Says when what is shown is not what is: while records are read in, and while the stream lags.
function Banner() {
  const at = useCell(asOf);
  const { state } = useCell(stream);
  const [testid, text] = !at
    ? []
    : at.loading
      ? ['loading-banner', t('banner.loading', { n: format.count(at.behind), count: at.behind })]
      : at.stale
        ? [
            'stale-banner',
            at.behind > 0
              ? t('banner.behind', { n: format.count(at.behind), count: at.behind, at: format.instant(at.at) })
              : t('banner.kafka', { at: format.instant(at.at) }),
          ]
        : [];
  return html`<div role="status" class="banners">
    ${text && html`<p class="banner" data-testid=${testid}>${text}</p>`}
    ${!text && state === 'waiting' && at && html`<p class="banner" data-testid="waiting-banner">
      ${t('banner.waiting', { at: format.instant(at.at) })}</p>`}
  </div>`;
}
