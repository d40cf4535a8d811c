// What comes if nothing happens, as the worker's explanation says.
import * as format from '../format.js';
import { html } from '../html.js';
import { t } from '../i18n.js';
import { tierLabel } from '../model.js';

export function Forecast({ told, score }) {
  const said = told.data?.available && !told.isOld ? told.data.explanation.scores[score] : null;
  if (!said) return null;
  const tier = tierLabel(score, said.earned);
  return html`
    <div class="forecast" data-testid="forecast">
      ${said.forecast && html`<p>${words(said, score)}</p>`}
      ${said.override && html`<p class="note">${byHand(said.override, score)}</p>`}
      ${said.since && html`<p class="note">${t('forecast.since', { tier, day: format.day(said.since) })}</p>`}
      ${said.fall_began && html`<p class="note">
        ${t('forecast.fall_began', { day: format.day(said.fall_began), loss: format.day(said.earliest_loss) })}</p>`}
    </div>`;
}

function byHand({ in_force: isInForce, tier, author, reason }, score) {
  const values = { tier: tierLabel(score, tier), by: author ?? '', reason: reason ?? '' };
  return t(isInForce ? 'forecast.by_hand' : 'forecast.was_by_hand', values);
}

function words({ tier, forecast }, score) {
  if (!forecast.lost_on)
    return t('forecast.stays', { tier: tierLabel(score, tier), day: format.day(forecast.kept_until) });
  const falls = t('forecast.falls', { tier: tierLabel(score, forecast.to), day: format.day(forecast.lost_on) });
  const keeps =
    forecast.spend_to_keep === null || forecast.spend_to_keep === undefined
      ? t('forecast.no_sale')
      : t('forecast.sale_keeps', {
          money: format.moneyExact(Number(forecast.spend_to_keep)),
          day: format.day(forecast.kept_until),
        });
  return [falls, keeps].join(t('list.space'));
}
