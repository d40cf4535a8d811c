// The event stream: when something changed, who moved, which alert came.
import { asOf, findSession, sawAsOf, session } from './api.js';
import { cell } from './cell.js';

const LONGEST_WAIT_MS = 15_000;

// Rises whenever views may be out of date.
export const pulse = cell(0);
// {state: 'live' | 'waiting', customers, events_per_s}
export const stream = cell({ state: 'waiting', customers: null, events_per_s: null });
// Events a second of the last minutes, for the health page: [[milliseconds, number], …]
export const speeds = cell([]);

const listeners = { 'tier-change': new Set(), alert: new Set(), missed: new Set() };

export function on(kind, told) {
  listeners[kind].add(told);
  return () => listeners[kind].delete(told);
}

// Listens until the returned function is called; comes back by itself after an outage.
export function listen() {
  let source = null;
  let timer = null;
  let wait = 1000;
  let version = null;

  const state = (told) => {
    sawAsOf(told.as_of);
    stream.set({ state: 'live', customers: told.customers, events_per_s: told.events_per_s });
    speeds.set([...speeds.value.slice(-179), [Date.now(), told.events_per_s]]);
    if (told.version !== version && !document.hidden) {
      version = told.version;
      pulse.set(pulse.value + 1);
    }
  };
  const lost = () => {
    stream.set({ ...stream.value, state: 'waiting' });
    source.close();
    timer = setTimeout(open, wait);
    wait = Math.min(2 * wait, LONGEST_WAIT_MS);
    findSession().catch(() => {}); // a session that ended closes the stream, too
  };
  const open = () => {
    if (!session.value) return;
    source = new EventSource('/api/stream');
    source.onopen = () => {
      wait = 1000;
      stream.set({ ...stream.value, state: 'live' });
    };
    source.onerror = lost;
    source.addEventListener('state', (event) => state(JSON.parse(event.data)));
    for (const [kind, told] of Object.entries(listeners)) {
      source.addEventListener(kind, (event) => {
        const data = JSON.parse(event.data);
        for (const each of [...told]) each(data);
      });
    }
  };
  open();
  return () => {
    clearTimeout(timer);
    source?.close();
    asOf.set(null);
  };
}
