// Requests to the server: the session, answers as JSON, errors that say what to do.
import { cell } from './cell.js';

// undefined: not asked yet; null: nobody is logged in; else {name, role, owner, csrf, auth}.
export const session = cell(undefined);

// The newest {day, at, behind, lag_s, loading, stale} that the server told: one for the whole page.
export const asOf = cell(null);

class ApiError extends Error {
  constructor(status, { code, message, hint } = {}) {
    super(message ?? `HTTP ${status}`);
    this.status = status;
    this.code = code ?? 'error';
    this.hint = hint ?? '';
  }
}

export function sawAsOf(told) {
  if (told && (!asOf.value || told.at == null || asOf.value.at == null || told.at >= asOf.value.at)) asOf.set(told);
}

export async function get(address, signal) {
  const answer = await request(address, { signal });
  sawAsOf(answer?.as_of);
  return answer;
}

export const send = (method, address, body) =>
  request(address, {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
    headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': session.value?.csrf ?? '' },
  });

async function request(address, options) {
  try {
    return await answered(await fetch(address, { credentials: 'same-origin', ...options }));
  } catch (error) {
    if (error.name === 'AbortError' || error instanceof ApiError) throw error;
    throw new ApiError(0, { code: 'unreachable', message: error.message });
  }
}

async function answered(response) {
  if (response.status === 204) return null;
  if (response.ok) return response.json(); // its end may fail as its beginning: an abort, a lost connection
  const said = await response.json().catch(() => ({}));
  if (response.status === 401 && session.value) session.set(null);
  throw new ApiError(response.status, said.error);
}

export async function findSession() {
  try {
    session.set(await get('/api/session'));
  } catch (error) {
    if (error.status !== 401) throw error;
    session.set(null);
  }
}

export async function logIn(token) {
  session.set(await send('POST', '/api/session', { token }));
}

export async function logOut() {
  await send('DELETE', '/api/session');
  session.set(null);
}
