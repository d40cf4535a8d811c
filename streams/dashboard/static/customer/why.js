// Why a score changed its tier: the cause, and what it did to each indicator's points.
import { causeWord } from '../changes.js';
import { Drivers } from '../drivers.js';
import * as format from '../format.js';
import { html, useState } from '../html.js';
import { t } from '../i18n.js';
import { scoreLabel, tierLabel } from '../model.js';
import { Card, Empty, Move, Select } from '../ui.js';

const inShort = ({ score_name: score, from, to, occurred_at: at }) =>
  `${format.moment(at)}  ${tierLabel(score, from)} → ${tierLabel(score, to)}`;

const why = (change) =>
  t('why.change', {
    score: scoreLabel(change.score_name),
    from: format.points(change.previous_score),
    to: format.points(change.score),
    cause: causeWord(change.cause),
    at: format.instant(change.occurred_at),
  });

export function Why({ history, score }) {
  const changes = history.filter((each) => each.score_name === score);
  const [chosen, choose] = useState(null);
  const change = changes.find((each) => each.id === chosen) ?? changes[0];
  const pick =
    changes.length > 1 &&
    html`<${Select} label=${t('why.which')} seen=${false} value=${change.id} choose=${choose}
    options=${changes.map((each) => [each.id, inShort(each)])} />`;
  return html`
    <${Card} title=${t('why.title')} id="why-changed" actions=${pick}>
      ${
        change
          ? html`
        <p class="why-move"><${Move} change=${change} /></p>
        <p class="note">${why(change)}</p>
        <${Drivers} drivers=${change.drivers} most=${6} />`
          : html`<${Empty} title=${t('why.none')} hint=${t('why.none_hint')} />`
      }
    <//>`;
}
