// An answer of the server that keeps itself fresh while it is on screen.
import { get } from './api.js';
import { differs } from './cell.js';
import { html, useEffect, useState } from './html.js';
import { pulse } from './live.js';
import { Failure, Loading } from './ui.js';

const SHORTEST_PAUSE_MS = 2000;
const PAUSE_BY_TOOK = 10; // a slow server is asked less often

// Returns {data, error, again}; `address` null asks nothing. Old data stays until new has come.
// What is not live is asked for again when `version` changes.
export function useAnswer(address, { live = true, version = null } = {}) {
  const [answer, set] = useState({ address: null, data: null, error: null });
  const [round, next] = useState(0);
  useEffect(() => {
    if (!address) return undefined;
    const ended = new AbortController();
    follow(address, live, ended.signal, (told) => set((old) => ({ data: old.data, error: null, ...told, address })));
    return () => ended.abort();
  }, [address, live, version, round]);
  return { ...answer, isOld: answer.address !== address, again: () => next(round + 1) };
}

async function follow(address, live, signal, tell) {
  while (!signal.aborted) {
    const began = performance.now();
    const seen = pulse.value;
    try {
      const data = await get(address, signal);
      if (signal.aborted) return;
      tell({ data });
    } catch (error) {
      if (signal.aborted) return;
      tell({ error });
    }
    if (!live) return;
    await pause(Math.max(SHORTEST_PAUSE_MS, PAUSE_BY_TOOK * (performance.now() - began)), signal);
    await differs(pulse, seen, signal);
  }
}

function pause(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

// Draws `children(data)`; before that that it loads, and a failure with what to do about it.
export function Shown({ answer, children, rows = 4 }) {
  if (answer.error && (answer.isOld || !answer.data))
    return html`<${Failure} error=${answer.error} again=${answer.again} />`;
  if (!answer.data) return html`<${Loading} rows=${rows} />`;
  return html`
    ${answer.error && html`<${Failure} error=${answer.error} again=${answer.again} small />`}
    <div class=${answer.isOld ? 'fading' : ''} aria-busy=${answer.isOld}>${children(answer.data)}</div>`;
}
