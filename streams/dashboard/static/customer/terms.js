// How each indicator of a score came to its points: what was filled in, what was clipped.
import * as format from '../format.js';
import { html } from '../html.js';
import { t } from '../i18n.js';
import { indicatorLabel, indicatorOf, scoreLabel } from '../model.js';
import { palette } from '../theme.js';
import { Bar, Card, Failure, Loading, Wide } from '../ui.js';

export function Terms({ score, explained, told }) {
  const said = explained?.available ? explained.explanation.scores[score] : null;
  return html`
    <${Card} title=${t('terms.title', { score: scoreLabel(score) })} note=${over(said?.scored_over)} id="explanation">
      ${
        said
          ? html`<${Table} terms=${said.terms} />`
          : explained
            ? html`<p class="note" data-testid="explanation-missing">${t('terms.unavailable')} ${explained.reason}</p>`
            : told.error
              ? html`<${Failure} error=${told.error} again=${told.again} />`
              : html`<${Loading} />`
      }
    <//>`;
}

const over = (scored) =>
  scored
    ? t(scored.indicators === scored.of ? 'terms.all' : 'terms.over', { n: scored.indicators, of: scored.of })
    : null;

const Table = ({ terms }) => html`
  <${Wide} label=${t('terms.table')}>
    <table>
      <thead><tr>
        <th scope="col">${t('distribution.indicator')}</th><th scope="col" class="number">${t('terms.value')}</th>
          <th scope="col" class="number">${t('terms.counted')}</th>
        <th scope="col" class="number">${t('terms.points')}</th><th scope="col" class="number">${t('terms.of')}</th>
          <th scope="col" class="wide-only"><span class="hidden">${t('terms.share')}</span></th><th scope="col">
            ${t('terms.because')}</th>
      </tr></thead>
      <tbody>${[...terms].sort((a, b) => b.of - a.of).map((term) => html`<${Row} key=${term.indicator ?? term.score}
        term=${term} />`)}</tbody>
    </table>
  <//>`;

function Row({ term }) {
  const unit = indicatorOf(term.indicator)?.unit;
  const name = term.indicator ?? term.score;
  return html`
    <tr>
      <th scope="row">${indicatorLabel(name)}</th>
      <td class="number" title=${format.valueExact(term.value, unit)}>${format.value(term.value, unit)}</td>
      <td class="number">${term.counted === term.value ? '' : format.value(term.counted, unit)}</td>
      <td class="number"><b>${format.points(term.points)}</b></td>
      <td class="number">${format.points(term.of)}</td>
      <td class="wide-only share-cell"><${Bar} share=${term.of ? term.points / term.of : 0}
        colour=${palette().accent} /></td>
      <td><${Because} term=${term} unit=${unit} /></td>
    </tr>`;
}

// What stood for a missing value, and which end a value was clipped to.
function Because({ term: { filled, clipped }, unit }) {
  return html`
    ${filled && html`<${Filled} how=${filled.how} /> <span class="note">${howFilled(filled)}</span>`}
    ${clipped && html`<${Clipped} /> <span class="note">${howClipped(clipped, unit)}</span>`}`;
}

export const Filled = ({ how }) =>
  html`<span class=${`badge ${how === 'left_out' ? '' : 'filled'}`}>
    ${t(how === 'left_out' ? 'terms.left_out' : 'terms.filled')}</span>`;
export const Clipped = () => html`<span class="badge clipped">${t('terms.clipped')}</span>`;

const howClipped = ({ to, bound }, unit) =>
  t(to === 'low' ? 'terms.counts_at_least' : 'terms.counts_at_most', { bound: format.value(bound, unit) });

function howFilled(filled) {
  const values = {
    share: format.percent(filled.share ?? 0),
    of: t(`filled.${filled.of ?? 'mean'}`),
    by: filled.by ?? '',
    text: filled.text ?? format.MISSING,
  };
  if (filled.how === 'peers') return t(filled.from === 'peers' ? 'filled.peers' : 'filled.peers_population', values);
  if (filled.how === 'regression')
    return t(filled.from === 'regression' ? 'filled.regression' : 'filled.regression_mean', values);
  if (['share', 'left_out', 'constant'].includes(filled.how)) return t(`filled.${filled.how}`, values);
  return t('filled.population', { of: t(`filled.${filled.how}`) });
}
