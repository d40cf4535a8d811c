// The rest of the menu, on a phone.
import { session } from '../api.js';
import { html } from '../html.js';
import { t } from '../i18n.js';
import { Icon, Page } from '../ui.js';

const PLACES = ['rfm', 'model', 'health'];

export const View = () => html`
  <${Page} title=${t('nav.more')}>
    <ul class="more card">${PLACES.map((name) => html`<li key=${name}><a href=${`#/${name}`}><${Icon} name=${name} />
      ${t(`nav.${name}`)}</a></li>`)}</ul>
    ${session.value?.auth !== false && html`<p class="note">
      ${session.value?.name} · ${t(`role.${session.value?.role}`)}</p>`}
  <//>`;
