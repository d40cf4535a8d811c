// All about one customer: how it stands, why, what may come, what happened.
import { Shown, useAnswer } from '../answer.js';
import { Terms } from '../customer/terms.js';
import { Forecast } from '../customer/forecast.js';
import { History } from '../customer/history.js';
import { Indicators } from '../customer/indicators.js';
import { Timeline } from '../customer/timeline.js';
import { Waterfall } from '../customer/waterfall.js';
import { Why } from '../customer/why.js';
import * as format from '../format.js';
import { html } from '../html.js';
import { named, t } from '../i18n.js';
import { chosenScore, classLabel, scoreLabel, segmentLabel, tierLabel } from '../model.js';
import { href, patch } from '../router.js';
import { Card, Live, Page, Tier } from '../ui.js';
import { Alert } from './alerts.js';

export function View({ path, query }) {
  const id = path.slice(1).join('/');
  const answer = useAnswer(`/api/customers/${encodeURIComponent(id)}`);
  if (!answer.data) return html`<${Page} title=${id}><${Shown} answer=${answer} rows=${10} /><//>`;
  return html`<${Shown} answer=${answer}>${(data) => html`<${Customer} data=${data} query=${query}
    again=${answer.again} />`}<//>`;
}

function Customer({ data, query, again }) {
  const wanted = chosenScore(query);
  const held = data.scores.find((each) => each.name === wanted) ?? data.scores[0];
  const score = held?.name ?? wanted;
  const told = useAnswer(
    `/api/customers/${encodeURIComponent(data.customer_id)}/explanation?score=${encodeURIComponent(score)}`,
    { live: false, version: held?.score },
  );
  const explained = told.isOld ? null : told.data;
  const name = data.name ?? data.profile.name ?? data.customer_id;
  const crumbs = html`
    <a href=${href(['pyramid'], { score })}>${t('nav.pyramid')} · ${scoreLabel(score)}</a>
      <span aria-hidden="true">›</span>
    ${held && html`<a href=${href(['customers'], { score, tier: held.tier })}>${tierLabel(score, held.tier)}</a>
      <span aria-hidden="true">›</span>`}
    <span aria-current="page">${data.customer_id}</span>`;
  const open = data.alerts.filter((each) => each.state !== 'resolved');
  return html`
    <${Page} title=${name} crumbs=${crumbs} id="customer-name">
      <${Facts} data=${data} />
      <${Scores} scores=${data.scores} score=${score} />
      ${open.map((alert) => html`<${Alert} key=${alert.id} alert=${alert} again=${again} named=${false} />`)}
      ${
        held &&
        html`
        <div class="columns halves">
          <${Card} title=${t('customer.standing', { score: scoreLabel(score) })} note=${t('customer.standing_note')}>
            <${Standing} held=${held} score=${score} />
            <${Forecast} told=${told} score=${score} />
            <${Waterfall} held=${held} score=${score} />
          <//>
          <div class="stack">
            <${Why} history=${data.history} score=${score} />
            <${History} history=${data.history} held=${held} score=${score} at=${data.as_of.at} />
          </div>
        </div>
        <${Terms} held=${held} score=${score} explained=${explained} told=${told} />`
      }
      <div class="columns halves">
        <${Indicators} data=${data} explained=${explained?.available ? explained.explanation.scores[score] : null} />
        <${Timeline} timeline=${data.timeline} />
      </div>
    <//>`;
}

const SHOWN = new Set(['name', 'owner', 'region', 'industry', 'size']);

function Facts({ data: { customer_id: id, profile, segments, day, model } }) {
  const text = (value) =>
    typeof value === 'boolean'
      ? t(value ? 'value.yes' : 'value.no')
      : typeof value === 'number'
        ? format.compact(value)
        : String(value);
  const facts = ['owner', 'region', 'industry', 'size']
    .filter((by) => profile[by] !== undefined && profile[by] !== null)
    .map((by) => [named('attribute', by), named(by, profile[by])]);
  const more = Object.entries(profile)
    .filter(([name]) => !SHOWN.has(name))
    .map(([name, value]) => [named('profile', name), text(value)]);
  return html`
    <dl class="facts" data-testid="customer-facts" data-customer=${id}>
      <div><dt>${t('customer.id')}</dt><dd>${id}</dd></div>
      ${[...facts, ...more].map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}
      ${Object.entries(segments)
        .filter(([, value]) => value)
        .map(
          ([name, value]) =>
            html`<div key=${name}><dt>${segmentLabel(name)}</dt><dd>${classLabel(name, value)}</dd></div>`,
        )}
      <div><dt>${t('customer.day')}</dt><dd>${format.day(day)}</dd></div>
      <div><dt>${t('customer.model')}</dt><dd>${model}</dd></div>
    </dl>`;
}

const Scores = ({ scores, score }) => html`
  <div class="scores" role="group" aria-label=${t('customer.scores')}>
    ${scores.map(
      (each) => html`
      <button type="button" key=${each.name} class="score-tab" data-testid=${`customer-score-${each.name}`}
        aria-pressed=${each.name === score} onClick=${() => patch({ score: each.name })}>
        <span class="note">${scoreLabel(each.name)}</span>
        <b>${format.points(each.score)}</b>
        <${Tier} score=${each.name} name=${each.tier} />
      </button>`,
    )}
  </div>`;

function Standing({ held, score }) {
  const { to_next: next, suggested_limit: limit = null } = held;
  return html`
    <div class="standing">
      <b class="big"><${Live} value=${held.score} write=${format.points} testid="customer-points" /></b>
      <div>
        <p><${Tier} score=${score} name=${held.tier} /></p>
        ${next && html`<p class="note">${toNext(score, next)}</p>`}
        ${limit !== null && html`<p class="note">${t('customer.limit', { money: format.moneyExact(limit) })}</p>`}
      </div>
    </div>`;
}

// What is missing to the next tier, where points alone decide.
function toNext(score, { tier, points }) {
  const label = tierLabel(score, tier);
  if (points === null) return t('customer.next', { tier: label });
  return t('customer.to_next', { points: format.points(points), tier: label });
}
