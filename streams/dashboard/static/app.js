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
import { View as Alerts } from './views/alerts.js';
import { View as Customer } from './views/customer.js';
import { View as Customers } from './views/customers.js';
import { View as Health } from './views/health.js';
import { Login } from './views/login.js';
import { View as Model } from './views/model.js';
import { View as More } from './views/more.js';
import { View as Movements } from './views/movements.js';
import { View as Pyramid } from './views/pyramid.js';
import { View as Rfm } from './views/rfm.js';

const VIEWS = {
  pyramid: Pyramid,
  customers: Customers,
  customer: Customer,
  movements: Movements,
  alerts: Alerts,
  rfm: Rfm,
  model: Model,
  health: Health,
  more: More,
};

function App() {
  const who = useCell(session);
  useCell(language);
  useCell(theme);
  const [failure, fail] = useState(null);
  const start = () => {
    fail(null);
    findSession().catch(fail);
  };
  useEffect(start, []);
  if (failure) return html`<main class="login"><${Failure} error=${failure} again=${start} /></main>`;
  if (who === undefined) return html`<main class="login"><${Loading} /></main>`;
  return who === null ? html`<${Login} />` : html`<${Inside} key=${who.name} />`;
}

// For who is logged in: needs the model before anything can be named.
function Inside() {
  const known = useCell(model);
  const [failure, fail] = useState(null);
  const load = () => {
    fail(null);
    loadModel().catch(fail);
  };
  useEffect(() => {
    load();
    return listen();
  }, []);
  if (failure) return html`<main class="login"><${Failure} error=${failure} again=${load} /></main>`;
  if (!known) return html`<main class="login"><${Loading} /></main>`;
  return html`<${Shell}><${Place} /><//>`;
}

function Place() {
  const { path, query } = useCell(route);
  const View = VIEWS[path[0]] ?? Pyramid;
  const here = path.join('/');
  useEffect(() => window.scrollTo(0, 0), [here]);
  return html`<${View} key=${here} path=${path} query=${query} />`;
}

const place = document.getElementById('app');
speak(document.documentElement.lang.slice(0, 2)).then(
  () => render(html`<${App} />`, place),
  (error) => {
    place.textContent = `The page could not start: ${error.message}. Reload it. 页面无法启动，请刷新。`;
  },
);
