// Addresses of the page are in the hash: #/customers?score=value&tier=VIP
import { cell } from './cell.js';

const read = () => {
  const [path, query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  return { path: path.split('/').filter(Boolean).map(decodeURIComponent), query: new URLSearchParams(query) };
};

export const route = cell(read());
window.addEventListener('hashchange', () => route.set(read()));

// href(['customers'], {tier: 'VIP'}); values that are null are left out, '' stands for none.
export function href(path, query = {}) {
  const params = query instanceof URLSearchParams ? query : search(query);
  const text = params.toString();
  return `#/${path.map(encodeURIComponent).join('/')}${text ? `?${text}` : ''}`;
}

export function search(query) {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== null && each !== undefined) params.append(name, each);
    }
  }
  return params;
}

// The query with some of it changed; null takes a name away.
export function changed(query, changes) {
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    next.delete(name);
    for (const [key, each] of search({ [name]: value })) next.append(key, each);
  }
  return next;
}

export function go(address) {
  location.hash = address;
}

// Changes the query of the address without a new entry in the history.
export function patch(changes) {
  const { path, query } = route.value;
  history.replaceState(null, '', href(path, changed(query, changes)));
  route.set(read());
}
