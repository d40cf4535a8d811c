// The model in force: scores with their weights and tiers, segments, every indicator.
import * as format from '../format.js';
import { html, useState } from '../html.js';
import { inWords, named, t } from '../i18n.js';
import {
  chosenScore,
  classLabel,
  indicatorLabel,
  indicatorOf,
  model,
  scoreLabel,
  scoreOf,
  segmentLabel,
} from '../model.js';
import { palette, tierColour } from '../theme.js';
import { Bar, Card, Icon, Page, Wide } from '../ui.js';
import { ScoreSelect } from '../score_select.js';

export function View({ query }) {
  const score = scoreOf(chosenScore(query));
  const { tag, currency, timezone } = model.value;
  return html`
    <${Page} title=${t('model.title')} actions=${html`<${ScoreSelect} score=${score.name} />`}>
      <p class="note">${t('model.is', { tag, currency, timezone })}</p>
      <div class="columns halves" data-testid="model-scores">
        <${Card} title=${t('model.weights', { score: inWords(score.label, score.name) })}
          note=${t('model.weights_note')}><${Weights} score=${score} /><//>
        <div class="stack">
          <${Card} title=${t('model.tiers')}><${Tiers} score=${score} /><//>
          <${Card} title=${t('model.segments')}><${Segments} /><//>
        </div>
      </div>
      <${Indicators} />
    <//>`;
}

function Weights({ score }) {
  if (score.groups.length === 0) {
    return html`<p>${t('model.joined', { scores: (score.joins ?? []).map(scoreLabel).join(' + ') })}</p>`;
  }
  const most = Math.max(...score.groups.flatMap((group) => group.terms.map((term) => term.weight)));
  return score.groups.map(
    (group) => html`
    <div class="weight-group" key=${group.name}>
      <h3>${inWords(group.label, group.name)} <span class="note">${format.percent(group.weight)}</span></h3>
      <ul>${group.terms.map(
        (term) => html`
        <li key=${term.indicator} class="weight"><span>${inWords(term.label, term.indicator)}</span>
          <${Bar} share=${term.weight / most} colour=${palette().accent} /><b>${format.percent(term.weight)}</b></li>`,
      )}</ul>
    </div>`,
  );
}

function Tiers({ score: { name, tiers } }) {
  return html`
    <${Wide} label=${t('model.tiers')}>
      <table><thead><tr><th scope="col">${t('customers.tier')}</th><th scope="col" class="number">
        ${t('model.enter')}</th><th scope="col" class="number">${t('model.keep')}</th><th scope="col" class="number">
          ${t('model.top')}</th></tr></thead>
        <tbody>${[...tiers].reverse().map(
          (tier, n) => html`
          <tr key=${tier.name}><th scope="row"><span class="tier">
            <span class="dot" style=${{ background: tierColour(tiers.length - 1 - n, tiers.length) }}></span>
              ${inWords(tier.label, tier.name)}</span>
            ${tier.conditions.map((each) => html`<span class="note condition" key=${each.indicator}>
              ${condition(each)}</span>`)}</th>
            <td class="number">${format.plain(tier.enter_at)}</td><td class="number">${format.plain(tier.keep_at)}</td>
              <td class="number">${format.percent(tier.top_share)}</td></tr>`,
        )}</tbody></table>
    <//>
    <p class="note">
      ${t(name && tiers.some((tier) => tier.conditions.length) ? 'model.by_conditions' : 'model.by_points')}</p>`;
}

function condition({ indicator, at_least: least = null, at_most: most = null, below = null }) {
  const bounds = [
    ['≥', least],
    ['≤', most],
    ['<', below],
  ].filter(([, bound]) => bound !== null);
  const unit = indicatorOf(indicator)?.unit;
  const said = bounds.map(([sign, bound]) => `${sign} ${format.valueExact(bound, unit)}`);
  return [indicatorLabel(indicator), ...said].join(' ');
}

const Segments = () => html`
  <dl class="segments">${model.value.segments.map(
    (each) => html`
    <div key=${each.name}><dt>${segmentLabel(each.name)}</dt><dd>
      ${each.classes.map(({ name }) => html`<span class="badge" key=${name}>
        ${classLabel(each.name, name)}</span>`)}</dd></div>`,
  )}</dl>`;

function Indicators() {
  const [text, set] = useState('');
  const wanted = text.trim().toLowerCase();
  const shown = model.value.indicators.filter(({ name }) =>
    `${name} ${indicatorLabel(name)}`.toLowerCase().includes(wanted),
  );
  const users = (name) =>
    model.value.scores.filter((score) =>
      score.groups.some((group) => group.terms.some((term) => term.indicator === name)),
    );
  const search = html`<label class="search"><span class="hidden">${t('indicators.search')}</span>
    <${Icon} name="search" /><input type="search" placeholder=${t('indicators.search')} value=${text}
      onInput=${(event) => set(event.target.value)} /></label>`;
  return html`
    <${Card} title=${t('model.indicators', { n: format.count(model.value.indicators.length) })} actions=${search}>
      <${Wide} label=${t('indicators.title')}>
        <table class="tight" data-testid="model-indicators">
          <thead><tr><th scope="col">${t('distribution.indicator')}</th><th scope="col">${t('model.unit')}</th>
            <th scope="col">${t('model.window')}</th><th scope="col">${t('model.direction')}</th><th scope="col">
              ${t('model.used')}</th></tr></thead>
          <tbody>${shown.map(
            (each) => html`
            <tr key=${each.name}><th scope="row">${indicatorLabel(each.name)}<span class="note id">
              ${each.name}</span></th>
              <td>${named('unit_kind', format.unitKind(each.unit))}</td><td>${span(each.window)}</td>
              <td>${each.direction ? t(`model.${each.direction}`) : format.MISSING}</td>
              <td>${
                users(each.name)
                  .map((score) => scoreLabel(score.name))
                  .join(t('list.separator')) || format.MISSING
              }</td></tr>`,
          )}</tbody>
        </table>
      <//>
    <//>`;
}

// A window as the model writes it: days, from–to days back, or a word.
function span(window) {
  if (window === null || window === undefined) return t('model.lifetime');
  if (Array.isArray(window)) return t('model.window_between', { from: window[0], to: window[1] });
  return typeof window === 'number' ? t('model.window_days', { n: window, count: window }) : named('window', window);
}
