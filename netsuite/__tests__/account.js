/**
 * A NetSuite account around the script: its clock, company preferences, API secrets, cache, log, and what listens at
 * the hook's URL. It signs as NetSuite does (HMAC by the named secret; hex in capitals, which NetSuite may answer).
 */
import cache from 'N/cache';
import crypto from 'N/crypto';
import https from 'N/https';
import log from 'N/log';
import runtime from 'N/runtime';
import * as node from 'node:crypto';

jest.mock('N/cache');
jest.mock('N/crypto');
jest.mock('N/https');
jest.mock('N/log');
jest.mock('N/runtime');

export const SECRET = 'an-agreed-secret';
export const URL = 'https://tieout.example/netsuite/events';

const SHORTEST_TTL_SECONDS = 300;

export const EVENT_TYPES = {
  APPROVE: 'approve',
  CANCEL: 'cancel',
  COPY: 'copy',
  CREATE: 'create',
  DELETE: 'delete',
  EDIT: 'edit',
  PACK: 'pack',
  PRINT: 'print',
  SHIP: 'ship',
  VIEW: 'view',
  XEDIT: 'xedit',
};

export const accountAt = (instant) => {
  jest.useFakeTimers({ now: new Date(instant) });
  const account = {
    rung: [],
    logged: [],
    signed: 0,
    preferences: { custscript_tieout_hook_url: URL },
    secrets: { custsecret_tieout_hook: SECRET },
    /** What listens: answers a status, or throws as N/https does. */
    listener: () => 202,
    later: (seconds) => jest.setSystemTime(Date.now() + seconds * 1000),
  };
  plugRuntime(account);
  plugCrypto(account);
  plugHttps(account);
  plugCache();
  log.error.mockImplementation((entry) => account.logged.push(entry.details));
  return account;
};

export const saved = (type, record = { type: 'itemfulfillment', id: 5001 }) => ({
  type,
  UserEventType: EVENT_TYPES,
  newRecord: record,
  oldRecord: null,
});

export const signatureOf = (secret, text) => node.createHmac('sha256', secret).update(text, 'utf8').digest('hex');

const plugRuntime = (account) => {
  runtime.accountId = '1234567_SB1';
  runtime.getCurrentScript.mockReturnValue({ getParameter: ({ name }) => account.preferences[name] ?? null });
};

const plugCrypto = (account) => {
  crypto.createSecretKey.mockImplementation(({ secret, encoding }) => {
    if (!(secret in account.secrets)) throw failure('INVALID_SECRET_ID', `no secret ${secret}`);
    if (encoding !== 'UTF_8') throw failure('WRONG_ENCODING', encoding);
    return { secret };
  });
  crypto.createHmac.mockImplementation(({ algorithm, key }) => {
    const hmac = node.createHmac(algorithm.toLowerCase(), account.secrets[key.secret]);
    return {
      update: ({ input, inputEncoding }) => hmac.update(input, inputEncoding.replace('_', '').toLowerCase()),
      digest: ({ outputEncoding }) => {
        account.signed += 1;
        return hmac.digest(outputEncoding.toLowerCase()).toUpperCase();
      },
    };
  });
};

const plugHttps = (account) => {
  https.post.mockImplementation((request) => {
    account.rung.push(request);
    return { code: account.listener(request) };
  });
};

const plugCache = () => {
  const kept = new Map();
  cache.getCache.mockImplementation(({ name, scope }) => ({
    get: ({ key }) => {
      const found = kept.get(`${scope} ${name} ${key}`);
      return found && found.until > Date.now() ? found.value : null;
    },
    put: ({ key, value, ttl }) => {
      if (ttl < SHORTEST_TTL_SECONDS) throw failure('INVALID_TTL', String(ttl));
      kept.set(`${scope} ${name} ${key}`, { value, until: Date.now() + ttl * 1000 });
    },
  }));
};

export const failure = (name, message) => Object.assign(new Error(message), { name });
