// What happened to a customer, newest first.
import { causeWord } from '../changes.js';
import * as format from '../format.js';
import { html, useState } from '../html.js';
import { t } from '../i18n.js';
import { classLabel, scoreLabel, segmentLabel, tierLabel } from '../model.js';
import { Card, Empty, Wide } from '../ui.js';

const STEP = 15;

export function Timeline({ timeline }) {
  const [shown, show] = useState(STEP);
  return html`
    <${Card} title=${t('timeline.title')}>
      ${
        timeline.length === 0
          ? html`<${Empty} title=${t('timeline.none')} hint=${t('timeline.none_hint')} />`
          : html`
        <${Wide} label=${t('timeline.title')} tall>
          <ol class="timeline" data-testid="timeline">
            ${timeline.slice(0, shown).map((each, n) => html`<${Happening} key=${`${each.at}${each.kind}${n}`}
              each=${each} />`)}
          </ol>
          ${timeline.length > shown && html`<button type="button" onClick=${() => show(shown + STEP)}>
            ${t('timeline.more')}</button>`}
        <//>`
      }
    <//>`;
}

function Happening({ each }) {
  const said = each.message ?? each;
  const { mark, kind, text } = told(each.kind, said);
  return html`
    <li class=${kind}><span class="mark" aria-hidden="true">${mark}</span>
      <div><p>${text}</p><p class="note"><time datetime=${each.at}>
        ${format.moment(each.at)}</time> · ${causeWord(said.cause)}</p></div></li>`;
}

function told(kind, said) {
  if (kind === 'tier-change') {
    const { score_name: score } = said;
    return {
      mark: said.direction === 'up' ? '▲' : '▼',
      kind: said.direction,
      text: t('timeline.tier', {
        score: scoreLabel(score),
        from: tierLabel(score, said.from),
        to: tierLabel(score, said.to),
      }),
    };
  }
  if (kind === 'value-alert') {
    return {
      mark: '⚠',
      kind: 'down',
      text: t('timeline.alert', { score: scoreLabel(said.score_name), points: format.points(said.drop) }),
    };
  }
  return {
    mark: '◆',
    kind: 'segment',
    text: t('timeline.segment', {
      segment: segmentLabel(said.segment),
      from: classLabel(said.segment, said.from),
      to: classLabel(said.segment, said.to),
    }),
  };
}
