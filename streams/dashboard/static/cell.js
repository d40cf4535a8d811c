// A cell holds one value that changes; whoever subscribed is told.
import { useLayoutEffect, useState } from './html.js';

export function cell(value) {
  const listeners = new Set();
  return {
    get value() {
      return value;
    },
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const told of [...listeners]) told(value);
    },
    subscribe(told) {
      listeners.add(told);
      return () => listeners.delete(told);
    },
  };
}

// The value of a cell; the component is drawn again when it changes.
export function useCell(source) {
  const [value, set] = useState({ of: source.value });
  useLayoutEffect(() => {
    const take = () => set({ of: source.value });
    if (!Object.is(value.of, source.value)) take();
    return source.subscribe(take);
  }, [source]);
  return value.of;
}

// Resolves when the cell holds something else than `seen`, or the signal aborts.
export function differs(source, seen, signal) {
  return new Promise((resolve) => {
    if (source.value !== seen || signal.aborted) return resolve();
    const end = () => {
      stop();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const stop = source.subscribe(end);
    signal.addEventListener('abort', end);
  });
}
