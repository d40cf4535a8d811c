// Which score a view is about; the choice is remembered.
import { html } from './html.js';
import { t } from './i18n.js';
import { model, scoreLabel } from './model.js';
import { patch } from './router.js';
import { Select } from './ui.js';

export function ScoreSelect({ score }) {
  const choose = (next) => {
    localStorage.setItem('vp.score', next);
    patch({ score: next, tier: null, moved: null, page: null, sort: null });
  };
  return html`<${Select} label=${t('score.label')} testid="score-select" value=${score} choose=${choose}
    options=${model.value.scores.map((each) => [each.name, scoreLabel(each.name)])} />`;
}
