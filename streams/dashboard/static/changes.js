// Tier changes as a list, newest first.
import * as format from './format.js';
import { html } from './html.js';
import { named, t } from './i18n.js';
import { CustomerLink, Empty, Move } from './ui.js';

export const Changes = ({ changes, brief = false }) =>
  changes.length === 0
    ? html`<${Empty} title=${t('changes.empty')} hint=${t('changes.empty_hint')} />`
    : html`
    <ul class="changes" data-testid="recent-changes">
      ${changes.map(
        (each) => html`
        <li key=${each.id} class="arrives">
          <div class="change-who"><${CustomerLink} id=${each.customer_id} name=${each.name} score=${each.score_name} />
            <time class="note" datetime=${each.occurred_at}>${format.moment(each.occurred_at)}</time></div>
          <div class="change-what"><${Move} change=${each} /><span class="note">
            ${brief ? '' : `${points(each)} · `}${causeWord(each.cause)}</span></div>
        </li>`,
      )}
    </ul>`;

const points = (change) => `${format.points(change.previous_score)} → ${format.points(change.score)}`;

// What made something happen, in a word or two.
export const causeWord = (cause) => (cause?.type ? named('event', cause.type) : t('cause.time'));
