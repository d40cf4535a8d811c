// The page: words, session, model, then the view that the address names.
import { findSession, session } from './api.js';
import { useCell } from './cell.js';
import { html, render, useEffect, useState } from './html.js';
import { language, speak } from './i18n.js';
import { listen } from './live.js';
import { loadModel, model } from './model.js';
import { route } from './router.js';
import { Shell } from './shell.js';
import { theme } from './theme.js';
import { Failure, Loading } from './ui.js';
import { Login } from './views/login.js';

const VIEWS = {
  pyramid: () => import('./views/pyramid.js'),
  customers: () => import('./views/customers.js'),
  customer: () => import('./views/customer.js'),
  movements: () => import('./views/movements.js'),
  alerts: () => import('./views/alerts.js'),
  rfm: () => import('./views/rfm.js'),
  model: () => import('./views/model.js'),
  health: () => import('./views/health.js'),
  more: () => import('./views/more.js'),
};

function App() {
  const who = useCell(session);
  useCell(language);
  useCell(theme);
  const [failure, fail] = useState(null);
  const start = () => { fail(null); findSession().catch(fail); };
  useEffect(start, []);
  if (failure) return html`<main class="login"><${Failure} error=${failure} again=${start} /></main>`;
  if (who === undefined) return html`<main class="login"><${Loading} /></main>`;
  return who === null ? html`<${Login} />` : html`<${Inside} key=${who.name} />`;
}

// For who is logged in: needs the model before anything can be named.
function Inside() {
  const known = useCell(model);
  const [failure, fail] = useState(null);
  const load = () => { fail(null); loadModel().catch(fail); };
  useEffect(() => { load(); return listen(); }, []);
  if (failure) return html`<main class="login"><${Failure} error=${failure} again=${load} /></main>`;
  if (!known) return html`<main class="login"><${Loading} /></main>`;
  return html`<${Shell}><${Place} /><//>`;
}

function Place() {
  const { path, query } = useCell(route);
  const name = path[0] in VIEWS ? path[0] : 'pyramid';
  const [view, set] = useState({});
  const [failure, fail] = useState(null);
  useEffect(() => {
    fail(null);
    VIEWS[name]().then((module) => set({ name, View: module.View }), fail);
  }, [name]);
  useEffect(() => {
    window.scrollTo(0, 0);
    if (view.name === name) document.querySelector('main h1')?.focus({ preventScroll: true });
  }, [path.join('/'), view.name]);
  if (failure) return html`<${Failure} error=${{ status: 0, message: failure.message }} again=${() => location.reload()} />`;
  if (view.name !== name) return html`<${Loading} />`;
  return html`<${view.View} key=${path.join('/')} path=${path} query=${query} />`;
}

const place = document.getElementById('app');
speak(document.documentElement.lang.slice(0, 2)).then(
  () => render(html`<${App} />`, place),
  (error) => { place.textContent = `The page could not start: ${error.message}. Reload it. 页面无法启动，请刷新。`; },
);
