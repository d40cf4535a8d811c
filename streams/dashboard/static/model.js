// The business model as the server tells it, and what its parts are called.
import { get } from './api.js';
import { cell } from './cell.js';
import { inWords, named, t } from './i18n.js';

export const model = cell(null);
export const ATTRIBUTES = ['region', 'industry', 'size', 'owner'];

export async function loadModel() {
  model.set(await get('/api/model'));
}

export const scoreOf = (name) => model.value.scores.find((each) => each.name === name) ?? model.value.scores[0];
export const indicatorOf = (name) => model.value.indicators.find((each) => each.name === name);
const segmentOf = (name) => model.value.segments.find((each) => each.name === name);

export const scoreLabel = (name) => inWords(model.value.scores.find((each) => each.name === name)?.label, name);
export const tierLabel = (score, name) => inWords(scoreOf(score).tiers.find((each) => each.name === name)?.label, name);
export const segmentLabel = (name) => inWords(segmentOf(name)?.label, name);
export const indicatorLabel = (name) =>
  inWords(indicatorOf(name)?.label, '') ||
  (model.value.scores.some((each) => each.name === name) ? scoreLabel(name) : name);

export function classLabel(segment, name) {
  if (!name) return t('composition.none');
  const label = segmentOf(segment)?.classes.find((each) => each.name === name)?.label;
  return label ? inWords(label, name) : named('class', name);
}

export const tierRank = (score, name) => scoreOf(score).tiers.findIndex((each) => each.name === name);

// The score that an address asks for, else the one that was looked at last, else the first.
export function chosenScore(query) {
  const known = (name) => model.value.scores.some((each) => each.name === name);
  return [query.get('score'), localStorage.getItem('vp.score')].find(known) ?? model.value.scores[0].name;
}

// What a value of an attribute or class is called: `by` as in /api/composition.
export function groupLabel(by, value) {
  if (value === '') return t('composition.none');
  if (by.startsWith('segment:')) return classLabel(by.slice(8), value);
  if (by.startsWith('tier:')) return tierLabel(by.slice(5), value);
  return named(by, value);
}

export function byLabel(by) {
  if (by.startsWith('segment:')) return segmentLabel(by.slice(8));
  if (by.startsWith('tier:')) return scoreLabel(by.slice(5));
  return named('attribute', by);
}
