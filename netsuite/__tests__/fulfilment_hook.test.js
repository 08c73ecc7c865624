/** A saved fulfilment rings Tieout once, signed; and whatever goes wrong, the person who saved it notices nothing. */
import { accountAt, EVENT_TYPES, failure, saved, SECRET, signatureOf, URL } from './account'; // first: it mocks N/*
import hook from 'SuiteScripts/tieout/fulfilment_hook';
import runtime from 'N/runtime';
import log from 'N/log';

const NOON = '2026-11-24T12:00:00Z';
const NOON_TS = '1795521600';

let account;

beforeEach(() => {
  account = accountAt(NOON);
});

afterEach(() => {
  jest.useRealTimers();
});

describe('what is rung', () => {
  it.each(['create', 'edit', 'xedit', 'ship', 'pack', 'delete'])('%s of a fulfilment rings once', (event) => {
    hook.afterSubmit(saved(event));
    expect(account.rung.map(({ url, body }) => [url, JSON.parse(body).event])).toEqual([[URL, event]]);
  });

  it.each(Object.values(EVENT_TYPES).filter((each) => !/create|edit|ship|pack|delete/.test(each)))(
    '%s changes no shipment and rings nothing',
    (event) => {
      hook.afterSubmit(saved(event));
      expect(account.rung).toEqual([]);
    }
  );

  it('says which record of which account, what happened and when, and nothing about people or goods', () => {
    const fulfilment = { type: 'itemfulfillment', id: 5001, shipaddress: '1 High Street', getValue: () => 'Jane Doe' };
    hook.afterSubmit(saved('ship', fulfilment));
    expect(account.rung[0].body).toBe(
      `{"v":1,"account":"1234567_SB1","type":"itemfulfillment","id":"5001","event":"ship","ts":"${NOON_TS}"}`
    );
  });

  it('a deleted fulfilment is named from what it was', () => {
    hook.afterSubmit({ ...saved('delete'), newRecord: null, oldRecord: { type: 'itemfulfillment', id: 77 } });
    expect(JSON.parse(account.rung[0].body)).toMatchObject({ id: '77', event: 'delete' });
  });
});

describe('the signature', () => {
  it('is the HMAC-SHA256 of timestamp, dot and body under the API secret, in small hex', () => {
    hook.afterSubmit(saved('ship'));
    const { headers, body } = account.rung[0];
    expect(headers).toEqual({
      'Content-Type': 'application/json',
      'X-Tieout-Timestamp': NOON_TS,
      'X-Tieout-Signature': `v1=${signatureOf(SECRET, `${NOON_TS}.${body}`)}`,
    });
  });

  it('is the one of the worked example in the documentation', () => {
    account.secrets.custsecret_tieout_hook = 'secret';
    hook.afterSubmit(saved('ship'));
    expect(account.rung[0].headers['X-Tieout-Signature']).toBe(
      'v1=84d24cfcb3c1807062bba8a7867370c27146011b214f9c0a98dd8714e02fe37c'
    );
  });

  it('differs for another second, another record and another secret', () => {
    const signatures = [];
    const ring = (record) => {
      hook.afterSubmit(saved('ship', record));
      signatures.push(account.rung.at(-1).headers['X-Tieout-Signature']);
    };
    ring({ type: 'itemfulfillment', id: 1 });
    ring({ type: 'itemfulfillment', id: 2 });
    account.later(1);
    ring({ type: 'itemfulfillment', id: 2 });
    account.secrets.custsecret_tieout_hook = 'another';
    ring({ type: 'itemfulfillment', id: 2 });
    expect(new Set(signatures).size).toBe(4);
  });
});

describe('without a URL', () => {
  it.each([[null], [''], [undefined]])('(%p) nothing is called, signed or logged', (url) => {
    account.preferences.custscript_tieout_hook_url = url;
    account.secrets = {};
    hook.afterSubmit(saved('ship'));
    expect([account.rung, account.signed, account.logged]).toEqual([[], 0, []]);
  });
});

describe('the person who saves', () => {
  it.each([
    ['nobody answers', (a) => (a.listener = thrower('SSS_REQUEST_TIME_EXCEEDED', 'connect'))],
    ['the address is wrong', (a) => (a.listener = thrower('SSS_INVALID_HOST', 'no such host'))],
    ['the API secret is missing', (a) => (a.secrets = {})],
    ['the script may not be read', () => runtime.getCurrentScript.mockImplementation(thrower('UNEXPECTED_ERROR', 'x'))],
    ['Tieout refuses', (a) => (a.listener = () => 401)],
    ['Tieout is ill', (a) => (a.listener = () => 503)],
  ])('sees no error when %s, and the log says why', (_, breaks) => {
    breaks(account);
    expect(() => hook.afterSubmit(saved('ship'))).not.toThrow();
    expect(account.logged).toHaveLength(1);
  });

  it.each([[null], [undefined], ['text']])('sees no error when something throws %p', (thrown) => {
    account.listener = () => {
      throw thrown;
    };
    expect(() => hook.afterSubmit(saved('ship'))).not.toThrow();
    expect(account.logged).toHaveLength(1);
  });

  it('sees no error when not even the log can be written', () => {
    account.listener = thrower('SSS_REQUEST_TIME_EXCEEDED', 'connect');
    log.error.mockImplementation(thrower('LOG_FULL', 'no more'));
    expect(() => hook.afterSubmit(saved('ship'))).not.toThrow();
  });

  it('sees no error when the event carries no record', () => {
    expect(() => hook.afterSubmit({ ...saved('delete'), newRecord: null })).not.toThrow();
    expect(account.rung).toEqual([]);
  });

  it('waits for one call at most: a ring that fails is not rung again', () => {
    account.listener = thrower('SSS_REQUEST_TIME_EXCEEDED', 'connect');
    hook.afterSubmit(saved('ship'));
    expect(account.rung).toHaveLength(1);
  });

  it('finds neither the secret nor the signature in the log', () => {
    account.listener = () => 401;
    hook.afterSubmit(saved('ship'));
    expect(account.logged).toEqual(['Tieout answered 401']);
  });
});

describe('after somebody had to wait', () => {
  const tooLong = () => {
    account.later(4);
    return 202;
  };

  it.each([
    ['for nobody to answer', () => thrower('SSS_REQUEST_TIME_EXCEEDED', 'connect')],
    ['four seconds for an answer', () => tooLong],
  ])('%s, nobody waits again for five minutes', (_, listener) => {
    account.listener = listener();
    hook.afterSubmit(saved('ship'));
    expect(account.logged).toHaveLength(1);
    account.listener = () => 202;
    account.later(299);
    hook.afterSubmit(saved('ship'));
    expect(account.rung).toHaveLength(1);
    account.later(2);
    hook.afterSubmit(saved('ship'));
    expect(account.rung).toHaveLength(2);
  });

  it('a quick refusal costs nobody time, so the next save rings', () => {
    account.listener = () => 401;
    hook.afterSubmit(saved('ship'));
    hook.afterSubmit(saved('ship'));
    expect(account.rung).toHaveLength(2);
  });
});

function thrower(name, message) {
  return () => {
    throw failure(name, message);
  };
}
