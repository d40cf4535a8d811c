// Numbers, money, days and times as the user's language writes them.
import { LOCALES, language, t } from './i18n.js';
import { model } from './model.js';

export const MISSING = '–';
const COMPACT_FROM = 10_000;
const formats = new Map();

function number(options, value) {
  const key = language.value + JSON.stringify(options);
  if (!formats.has(key))
    formats.set(key, new Intl.NumberFormat(LOCALES[language.value], { signDisplay: 'negative', ...options }));
  return formats.get(key).format(value);
}

function time(options, value) {
  const key = language.value + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(LOCALES[language.value], options));
  return formats.get(key).format(value);
}

const or =
  (write) =>
  (value, ...more) =>
    value === null || value === undefined || Number.isNaN(value) ? MISSING : write(value, ...more);
const currency = () => ({
  style: 'currency',
  currency: model.value?.currency ?? 'CNY',
  currencyDisplay: 'narrowSymbol',
});

export const count = or((n) => number({ maximumFractionDigits: 0 }, n));
export const compact = or((n) =>
  Math.abs(n) < COMPACT_FROM
    ? number({ maximumFractionDigits: 1 }, n)
    : number({ notation: 'compact', maximumFractionDigits: 1 }, n),
);
export const money = or((n) =>
  Math.abs(n) < COMPACT_FROM
    ? number({ ...currency(), maximumFractionDigits: 0 }, n)
    : number({ ...currency(), notation: 'compact', maximumFractionDigits: 1 }, n),
);
export const moneyExact = or((n) => number(currency(), n));
export const percent = or((x) => number({ style: 'percent', maximumFractionDigits: 1, minimumFractionDigits: 1 }, x));
export const points = or((n) => number({ minimumFractionDigits: 1, maximumFractionDigits: 1 }, n));
export const signed = or((n) =>
  number({ minimumFractionDigits: 1, maximumFractionDigits: 1, signDisplay: 'exceptZero' }, n).replace('-', '−'),
);
export const plain = or((n) => number({ maximumSignificantDigits: 4 }, n));

// 'money' | 'ratio' | 'days' | 'count' | 'points' | 'number', of a unit as the model words it.
export function unitKind(unit) {
  const text = (typeof unit === 'string' ? unit : unit?.en) ?? '';
  if (text === 'money' || /^[A-Z]{3}$/.test(text)) return 'money';
  if (text.startsWith('ratio') || text.startsWith('share')) return 'ratio';
  return ['days', 'count', 'points'].includes(text) ? text : 'number';
}

// A value of an indicator, short.
export const value = or((v, unit) => {
  switch (unitKind(unit)) {
    case 'money':
      return money(v);
    case 'ratio':
      return percent(v);
    case 'count':
      return compact(v);
    case 'days':
      return t('unit.days', { n: number({ maximumFractionDigits: 1 }, v), count: v });
    default:
      return Math.abs(v) >= COMPACT_FROM ? compact(v) : plain(v);
  }
});

export const valueExact = or((v, unit) => {
  switch (unitKind(unit)) {
    case 'money':
      return moneyExact(v);
    case 'ratio':
      return number({ style: 'percent', maximumFractionDigits: 2 }, v);
    default:
      return number({ maximumFractionDigits: 3 }, v);
  }
});

const zone = () => (model.value?.timezone ? { timeZone: model.value.timezone } : {});
export const instant = or((text) =>
  time(
    {
      ...zone(),
      year: 'numeric',
      month: 'short',
      day: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
    },
    new Date(text),
  ),
);
export const clock = or((text) =>
  time({ ...zone(), hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }, new Date(text)),
);
export const day = or((text) =>
  time(
    { year: 'numeric', month: 'short', day: 'numeric', timeZone: 'UTC' },
    new Date(`${text.slice(0, 10)}T00:00:00Z`),
  ),
);

export const shortDay = or((ms) => time({ ...zone(), month: 'short', day: 'numeric' }, new Date(ms)));

const dayOf = (date) => time({ ...zone(), dateStyle: 'short' }, date);

const yearOf = (date) => time({ ...zone(), year: 'numeric' }, date);

// The time for today, day and time for what is older, the year where it is another.
export const moment = or((text) => {
  const [then, now] = [new Date(text), new Date()];
  if (dayOf(then) === dayOf(now)) return clock(text);
  const year = yearOf(then) === yearOf(now) ? {} : { year: 'numeric' };
  return time(
    { ...zone(), ...year, month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
    then,
  );
});
