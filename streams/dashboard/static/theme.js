// Light and dark, and the colours that charts are drawn in (CSS has its own in style.css).
import { cell } from './cell.js';

const dark = window.matchMedia('(prefers-color-scheme: dark)');
const still = window.matchMedia('(prefers-reduced-motion: reduce)');
const PALETTES = {
  light: {
    ink: '#1c2433',
    muted: '#596579',
    line: '#e2e6ee',
    card: '#ffffff',
    accent: '#3a50b0',
    soft: '#dfe4f5',
    up: '#00707c',
    down: '#b0440c',
    ramp: ['#b7c3e5', '#8fa1d8', '#667cc6', '#445aae', '#24378a'],
  },
  dark: {
    ink: '#e7eaf1',
    muted: '#9ba7ba',
    line: '#2c3442',
    card: '#1a202b',
    accent: '#9db0f5',
    soft: '#2b3558',
    up: '#4fc3cc',
    down: '#f39a62',
    ramp: ['#47547e', '#5a6dab', '#768cd0', '#99adec', '#cad6ff'],
  },
};

const isDark = () => (document.documentElement.dataset.theme ?? (dark.matches ? 'dark' : 'light')) === 'dark';
export const theme = cell(isDark() ? 'dark' : 'light');
dark.addEventListener('change', () => theme.set(isDark() ? 'dark' : 'light'));

export function toggleTheme() {
  const next = theme.value === 'dark' ? 'light' : 'dark';
  localStorage.setItem('vp.theme', next);
  document.documentElement.dataset.theme = next;
  theme.set(next);
}

export const palette = () => PALETTES[theme.value];
export const isStill = () => still.matches;

// The colour of the tier at a rank (0 = lowest) of so many: one ramp by lightness, so that it is
// told apart without seeing hues.
export function tierColour(rank, of) {
  const { ramp } = palette();
  const at = of < 2 ? ramp.length - 1 : (Math.max(0, rank) / (of - 1)) * (ramp.length - 1);
  const low = Math.floor(at);
  return mixed(ramp[low], ramp[Math.min(low + 1, ramp.length - 1)], at - low);
}

function mixed(a, b, share) {
  const part = (hex, at) => parseInt(hex.slice(at, at + 2), 16);
  return `#${[1, 3, 5]
    .map((at) =>
      Math.round(part(a, at) + share * (part(b, at) - part(a, at)))
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')}`;
}
