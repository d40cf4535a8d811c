// Who looks: a token from the administrator, kept by the server as a session.
import { logIn } from '../api.js';
import { html, useState } from '../html.js';
import { t } from '../i18n.js';
import { LanguageSwitch, ThemeSwitch } from '../shell.js';

const REASONS = { 401: 'login.refused', 403: 'login.refused', 422: 'login.refused', 429: 'login.too_many' };

export function Login() {
  const [token, set] = useState('');
  const [failure, fail] = useState(null);
  const [isBusy, busy] = useState(false);
  const submit = async (event) => {
    event.preventDefault();
    busy(true);
    fail(null);
    try {
      await logIn(token.trim());
    } catch (error) {
      fail(error);
      busy(false);
    }
  };
  return html`
    <main class="login">
      <form class="card" data-testid="login-form" onSubmit=${submit}>
        <img src="/static/icon.svg" alt="" width="44" height="44" />
        <h1>ValuePulse</h1>
        <p class="note">${t('login.lead')}</p>
        <label class="field"><span>${t('login.token')}</span>
          <input type="password" autocomplete="current-password" required data-testid="login-token" value=${token}
            onInput=${(event) => set(event.target.value)}
            aria-invalid=${Boolean(failure)} aria-describedby=${failure ? 'login-error' : 'login-hint'} />
        </label>
        ${
          failure
            ? html`<p id="login-error" class="error" role="alert" data-testid="login-error">
              ${t(REASONS[failure.status] ?? 'login.unreachable')}</p>`
            : html`<p id="login-hint" class="note">${t('login.hint')}</p>`
        }
        <button type="submit" class="primary" data-testid="login-submit" disabled=${isBusy}>
          ${t('login.submit')}</button>
        <div class="actions"><${LanguageSwitch} /><${ThemeSwitch} /></div>
      </form>
    </main>`;
}
