// The inbox of value drops: what fell, why, and what was done about it.
import { Shown, useAnswer } from '../answer.js';
import { send, session } from '../api.js';
import { causeWord } from '../changes.js';
import { Drivers } from '../drivers.js';
import * as format from '../format.js';
import { Filters, filterOf } from '../filters.js';
import { html, useEffect, useRef, useState } from '../html.js';
import { t } from '../i18n.js';
import { pulse } from '../live.js';
import { chosenScore, scoreLabel } from '../model.js';
import { changed, patch } from '../router.js';
import { Choice, CustomerLink, Empty, Failure, Page, Pager } from '../ui.js';

const STATES = ['open', 'acknowledged', 'snoozed', 'resolved', 'all'];
const SNOOZES = [1, 7, 30];
const PER_PAGE = 20;
const DAY_MS = 86_400_000;

export function View({ query }) {
  const state = STATES.includes(query.get('state')) ? query.get('state') : 'open';
  const page = Number(query.get('page')) || 1;
  const score = chosenScore(query);
  const filter = filterOf(query, null, ['tier', 'moved']);
  const answer = useAnswer(`/api/alerts?${changed(filter, { state, page, per_page: PER_PAGE })}`);
  const counts = answer.data?.counts ?? {};
  const all = Object.values(counts).reduce((sum, n) => sum + n, 0);
  const label = (each) =>
    each === 'all'
      ? `${t('alerts.all')} ${format.count(all)}`
      : each in counts
        ? `${t(`alerts.${each}`)} ${format.count(counts[each])}`
        : t(`alerts.${each}`);
  return html`
    <${Page} title=${t('alerts.title')}>
      <${Filters} query=${query} score=${score} />
      <${Choice} label=${t('alerts.state')} value=${state} choose=${(next) => patch({ state: next, page: null })}
        options=${STATES.map((each) => [each, label(each), `alerts-state-${each}`])} />
      ${session.value?.role === 'viewer' && html`<p class="note">${t('alerts.only_look')}</p>`}
      <${Shown} answer=${answer}>${(data) =>
        data.alerts.length === 0
          ? html`<div class="card"><${Empty} title=${t(`alerts.none_${state}`)} hint=${t('alerts.none_hint')} /></div>`
          : html`
          <ul class="alerts" data-testid="alerts-list">${data.alerts.map((alert) => html`<li key=${alert.id}>
            <${Alert} alert=${alert} again=${answer.again} /></li>`)}</ul>
          <${Pager} page=${page} perPage=${PER_PAGE} total=${data.total} choose=${(next) => patch({ page: next })} />`}
      <//>
    <//>`;
}

export function Alert({ alert, again, named = true }) {
  const fell = {
    score: scoreLabel(alert.score_name),
    from: format.points(alert.reference_score),
    day: format.day(alert.reference_day),
    to: format.points(alert.score),
  };
  const owner = named && alert.owner && t('alerts.owner', { owner: alert.owner });
  const about = [format.moment(alert.occurred_at), causeWord(alert.cause), owner].filter(Boolean);
  return html`
    <article class="card alert" data-testid=${`alert-${alert.id}`} data-state=${alert.state}>
      <div class="alert-head">
        <div>
          ${named && html`<h2><${CustomerLink} id=${alert.customer_id} name=${alert.name}
            score=${alert.score_name} /></h2>`}
          <p><${Drop} points=${alert.drop} /> ${t('alerts.from_to', fell)}</p>
          <p class="note">${about.join(' · ')}</p>
        </div>
        <span class=${`badge ${alert.state}`}>${t(`alerts.${alert.state}`)}</span>
      </div>
      <${Drivers} drivers=${alert.drivers} most=${3} />
      <${Done} alert=${alert} />
      ${session.value?.role !== 'viewer' && alert.state !== 'resolved' && html`<${Actions} alert=${alert}
        again=${again} />`}
    </article>`;
}

const Drop = ({ points }) => html`
  <span class="down"><span aria-hidden="true">▼</span> <b>
    ${t('alerts.fell', { points: format.points(points) })}</b></span>`;

// Who did what about it, and when.
function Done({ alert }) {
  const said = [];
  if (alert.acknowledged)
    said.push(
      t('alerts.seen_by', { by: alert.acknowledged.by, at: format.moment(alert.acknowledged.at) }),
      alert.acknowledged.note && t('alerts.note_is', { note: alert.acknowledged.note }),
    );
  if (alert.snoozed_until)
    said.push(
      alert.snoozed_by
        ? t('alerts.snoozed_by', { by: alert.snoozed_by, until: format.moment(alert.snoozed_until) })
        : t('alerts.snoozed_until', { until: format.moment(alert.snoozed_until) }),
    );
  if (alert.resolved_at) said.push(t('alerts.resolved_at', { at: format.moment(alert.resolved_at) }));
  return said.length > 0 && html`<p class="done">${said.filter(Boolean).join(t('list.space'))}</p>`;
}

function Actions({ alert, again }) {
  const [note, write] = useState('');
  const [isNoting, ask] = useState(false);
  const [isBusy, busy] = useState(false);
  const [failure, fail] = useState(null);
  const field = useRef(null);
  useEffect(() => field.current?.focus(), [isNoting]);
  const act = (action, body) => async (event) => {
    event?.preventDefault();
    busy(true);
    fail(null);
    try {
      await send('POST', `/api/alerts/${encodeURIComponent(alert.id)}/${action}`, body);
      ask(false);
      pulse.set(pulse.value + 1);
      again();
    } catch (error) {
      fail(error);
    }
    busy(false);
  };
  const until = (days) => new Date(Date.now() + days * DAY_MS).toISOString();
  const snooze = (days) => html`
    <button type="button" key=${days} disabled=${isBusy} aria-label=${t('alerts.snooze', { n: days, count: days })}
      data-testid=${days === 1 ? `alert-snooze-${alert.id}` : `alert-snooze-${days}-${alert.id}`}
      onClick=${() => act('snooze', { until: until(days) })()}>${t('movements.days', { n: days })}</button>`;
  return html`
    ${
      isNoting &&
      html`
      <div role="dialog" aria-label=${t('alerts.acknowledge')} onKeyDown=${(event) => event.key === 'Escape' && ask(false)}>
      <form class="noting" onSubmit=${act('acknowledge', note.trim() ? { note: note.trim() } : {})}>
        <label class="field"><span>${t('alerts.note')}</span>
          <textarea ref=${field} maxlength="500" data-testid=${`alert-note-${alert.id}`} value=${note}
            onInput=${(event) => write(event.target.value)}></textarea></label>
        <div class="actions"><button type="submit" class="primary" disabled=${isBusy}
          data-testid=${`alert-confirm-${alert.id}`}>${t('alerts.acknowledge')}</button>
          <button type="button" class="quiet" onClick=${() => ask(false)}>${t('alerts.cancel')}</button></div>
      </form></div>`
    }
    ${
      !isNoting &&
      html`
      <div class="actions">
        ${alert.state !== 'acknowledged' && html`<button type="button" class="primary" disabled=${isBusy}
          data-testid=${`alert-acknowledge-${alert.id}`} onClick=${() => ask(true)}>
            ${t('alerts.acknowledge')}…</button>`}
        ${alert.state === 'open' && html`<span class="note">${t('alerts.snooze_for')}</span>${SNOOZES.map(snooze)}`}
        ${alert.state !== 'open' && html`<button type="button" disabled=${isBusy}
          data-testid=${`alert-reopen-${alert.id}`} onClick=${act('reopen', {})}>${t('alerts.reopen')}</button>`}
      </div>`
    }
    ${failure && html`<${Failure} error=${failure} small />`}`;
}
