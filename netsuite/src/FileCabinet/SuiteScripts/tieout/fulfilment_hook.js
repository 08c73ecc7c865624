/**
 * Rings Tieout when an item fulfilment was saved, so that a shipment is confirmed within seconds.
 *
 * A ring is a hint and carries no data but the record's type and id: who receives it reads the fulfilment itself, and
 * must not rely on rings, for they get lost. So nothing here may cost the person who saves: one call, no retry, no
 * error shown.
 *
 * @NApiVersion 2.1
 * @NScriptType UserEventScript
 * @NModuleScope SameAccount
 */
define(['N/cache', 'N/crypto', 'N/encode', 'N/https', 'N/log', 'N/runtime'], (
  cache,
  crypto,
  encode,
  https,
  log,
  runtime
) => {
  const URL = 'custscript_tieout_hook_url';
  const SECRET = 'custsecret_tieout_hook';
  const VERSION = 1;

  const PATIENCE_MS = 3000;
  // NetSuite gives up connecting after 5 s and sending after 45 s, and the user waits that long. After one such wait
  // nobody else waits for five minutes, which is the shortest time that N/cache keeps anything.
  const REST_SECONDS = 300;
  const RESTING = 'resting';

  const afterSubmit = (context) => {
    try {
      const url = runtime.getCurrentScript().getParameter({ name: URL });
      if (!url || !changesAFulfilment(context) || rests().get({ key: RESTING })) return;
      ring(url, context);
    } catch (error) {
      complain(error ? `${error.name}: ${error.message}` : String(error));
    }
  };

  const changesAFulfilment = ({ type, UserEventType: T }) =>
    [T.CREATE, T.EDIT, T.XEDIT, T.SHIP, T.PACK, T.DELETE].includes(type);

  const ring = (url, context) => {
    const began = Date.now();
    const ts = String(Math.floor(began / 1000));
    const body = bodyOf(context, ts);
    const headers = {
      'Content-Type': 'application/json',
      'X-Tieout-Timestamp': ts,
      'X-Tieout-Signature': `v1=${signature(`${ts}.${body}`)}`,
    };
    let prompt = false;
    try {
      const answer = https.post({ url, body, headers });
      prompt = Date.now() - began <= PATIENCE_MS;
      if (!prompt) complain(`Tieout was slow to answer, and is not rung for ${REST_SECONDS} s`);
      if (answer.code >= 300) complain(`Tieout answered ${answer.code}`);
    } finally {
      if (!prompt) rests().put({ key: RESTING, value: 'T', ttl: REST_SECONDS });
    }
  };

  const bodyOf = (context, ts) => {
    const record = context.newRecord || context.oldRecord;
    return JSON.stringify({
      v: VERSION,
      account: runtime.accountId,
      type: record.type,
      id: String(record.id),
      event: context.type,
      ts,
    });
  };

  /** HMAC-SHA256 in lower-case hex. The secret never enters the script: NetSuite signs with it. */
  const signature = (input) => {
    const key = crypto.createSecretKey({ secret: SECRET, encoding: encode.Encoding.UTF_8 });
    const hmac = crypto.createHmac({ algorithm: crypto.HashAlg.SHA256, key });
    hmac.update({ input, inputEncoding: encode.Encoding.UTF_8 });
    return hmac.digest({ outputEncoding: encode.Encoding.HEX }).toLowerCase();
  };

  const rests = () => cache.getCache({ name: 'tieout_hook', scope: cache.Scope.PRIVATE });

  const complain = (details) => {
    try {
      log.error({ title: 'Tieout fulfilment hook', details });
    } catch (ignored) {
      // The record is saved; a full log is no reason to tell its user otherwise.
    }
  };

  return { afterSubmit };
});
