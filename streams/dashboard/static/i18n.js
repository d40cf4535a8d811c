// Words in the user's language; files static/i18n/*.json, keys are dotted.
import { cell } from './cell.js';

const LANGUAGES = ['en', 'zh'];
export const LOCALES = { en: 'en', zh: 'zh-CN' };
export const language = cell(null);
let words = {};

export async function speak(tongue) {
  const wanted = LANGUAGES.includes(tongue) ? tongue : 'en';
  const response = await fetch(`/static/i18n/${wanted}.json`);
  if (!response.ok) throw new Error(`the words of the language ${wanted} did not come: HTTP ${response.status}`);
  words = await response.json();
  document.documentElement.lang = LOCALES[wanted];
  language.set(wanted);
}

export function choose(tongue) {
  localStorage.setItem('vp.language', tongue);
  return speak(tongue);
}

// t('customers.count', {n: 3}): a text with {n} filled in, in its plural form where it has some.
export function t(key, values = {}) {
  let text = words[key];
  if (text && typeof text === 'object') text = text[plural(values.count ?? values.n)] ?? text.other;
  if (text === undefined) return key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '');
}

const has = (key) => key in words;

// The words of a key if there are some, else the value itself: for names that come from data.
export const named = (group, value) =>
  has(`${group}.${value}`) ? t(`${group}.${value}`) : String(value).replaceAll('_', ' ');

// What {en, zh} says in the user's language.
export function inWords(label, name = '') {
  if (!label) return name;
  return typeof label === 'string' ? label : (label[language.value] ?? label.en ?? name);
}

const plural = (n) => new Intl.PluralRules(LOCALES[language.value]).select(Number(n) || 0);
