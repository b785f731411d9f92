// Runs a function's handler in Node.js: asks the Runtime API for events, one after the other, and answers them.
//
// Handlers are CommonJS or ES modules; they answer by a promise, by the callback, or by `context.succeed` and its like. One that
// `awslambda.streamifyResponse` has wrapped writes its answer as a stream.

import http from 'node:http';
import fs from 'node:fs';
import path from 'node:path';
import util from 'node:util';
import { PassThrough } from 'node:stream';
import { pathToFileURL } from 'node:url';

const API = '/2018-06-01/runtime';
const [HOST, PORT] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const STREAMING = Symbol.for('gatehouse.streaming');
const PRELUDE_TYPE = 'application/vnd.awslambda.http-integration-response';
const agent = new http.Agent({ keepAlive: true, maxSockets: 2 });
const env = process.env;
let requestId = '';

// Talking to the Runtime API ------------------------------------------------------------------------------------------

function send(method, target, headers = {}, body = '') {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: HOST, port: PORT, method, path: API + target, headers, agent }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(chunks) }));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.setNoDelay(true);
    request.end(body);
  });
}

function post(target, body, headers = {}) {
  const bytes = Buffer.from(body);
  return send('POST', target, { 'content-type': 'application/json', 'content-length': bytes.length, ...headers }, bytes);
}

function told(error) {
  if (error instanceof Error || (error && typeof error === 'object' && 'message' in error && 'name' in error)) {
    return { errorType: error.name, errorMessage: error.message, trace: String(error.stack || '').split('\n') };
  }
  return { errorType: typeof error, errorMessage: typeof error === 'string' ? error : util.inspect(error), trace: [] };
}

async function fail(target, error) {
  const what = told(error);
  console.error(what.trace[0] ? error : what.errorMessage);
  await post(target, JSON.stringify(what), { 'lambda-runtime-function-error-type': what.errorType });
}

// What handlers find in the global scope ------------------------------------------------------------------------------

globalThis.awslambda = {
  streamifyResponse(handler, options) {
    handler[STREAMING] = options || {};
    return handler;
  },
  HttpResponseStream: class HttpResponseStream {
    static from(stream, metadata) {
      stream.setContentType(PRELUDE_TYPE);
      stream.write(Buffer.concat([Buffer.from(JSON.stringify(metadata)), Buffer.alloc(8)]));
      return stream;
    }
  },
};

for (const [method, level] of Object.entries({ log: 'INFO', info: 'INFO', debug: 'DEBUG', warn: 'WARN', error: 'ERROR', trace: 'TRACE' })) {
  console[method] = (...values) => {
    const text = util.format(...values).replace(/\n/g, '\r');
    process.stdout.write(`${new Date().toISOString()}\t${requestId || 'undefined'}\t${level}\t${text}\n`);
  };
}

// Finding the handler -------------------------------------------------------------------------------------------------

class RuntimeError extends Error {
  constructor(name, message) {
    super(message);
    this.name = name;
  }
}

async function load() {
  const name = env._HANDLER;
  const root = env.LAMBDA_TASK_ROOT;
  const base = path.basename(name);
  const dot = base.indexOf('.');
  if (dot < 1 || name.includes('..')) throw new RuntimeError('Runtime.MalformedHandlerName', `Bad handler ${name}`);
  const file = path.resolve(root, path.dirname(name), base.slice(0, dot));
  const found = [file, `${file}.js`, `${file}.mjs`, `${file}.cjs`].find((each) => fs.statSync(each, { throwIfNoEntry: false })?.isFile());
  if (!found) throw new RuntimeError('Runtime.ImportModuleError', `Error: Cannot find module '${base.slice(0, dot)}'`);
  let module;
  try {
    module = await import(pathToFileURL(found).href);
  } catch (error) {
    const kind = error instanceof SyntaxError ? 'Runtime.UserCodeSyntaxError' : 'Runtime.ImportModuleError';
    if (error instanceof SyntaxError || error?.code?.includes('MODULE_NOT_FOUND')) throw new RuntimeError(kind, String(error));
    throw error;
  }
  let handler = module;
  for (const part of base.slice(dot + 1).split('.')) handler = handler?.[part] ?? handler?.default?.[part];
  if (typeof handler !== 'function') throw new RuntimeError('Runtime.HandlerNotFound', `${name} is undefined or not exported`);
  return handler;
}

// One invocation ------------------------------------------------------------------------------------------------------

function contextOf(headers) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    clientContext: headers['lambda-runtime-client-context'] ? JSON.parse(headers['lambda-runtime-client-context']) : undefined,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

// The result of a handler that answers once: by its promise, or by the callback, after which the event loop may have to run empty.
function settled(handler, event, context) {
  return new Promise((resolve, reject) => {
    let done = false;
    const finish = (settle, value) => {
      if (done) return;
      done = true;
      if (!context.callbackWaitsForEmptyEventLoop) settle(value);
      else process.once('beforeExit', () => settle(value));
    };
    const callback = (error, result) => (error === null || error === undefined ? finish(resolve, result) : finish(reject, error));
    context.succeed = (result) => { context.callbackWaitsForEmptyEventLoop = false; callback(null, result); };
    context.fail = (error) => { context.callbackWaitsForEmptyEventLoop = false; callback(error ?? 'handled', undefined); };
    context.done = (error, result) => { context.callbackWaitsForEmptyEventLoop = false; callback(error, result); };
    const returned = handler(event, context, callback);
    if (typeof returned?.then === 'function') {
      returned.then((value) => { done = true; resolve(value); }, (error) => { done = true; reject(error); });
    } else if (!done) {
      // A handler that returns without a promise and never calls back answers null once nothing is left to do.
      process.once('beforeExit', () => { if (!done) { done = true; resolve(null); } });
    }
  });
}

async function answerOnce(handler, event, context, id) {
  const result = await settled(handler, event, context);
  let text;
  try {
    text = JSON.stringify(result === undefined ? null : result);
  } catch (error) {
    throw new RuntimeError('Runtime.MarshalError', `Unable to stringify response body: ${error.message}`);
  }
  await post(`/invocation/${id}/response`, text ?? 'null');
}

function answerStreaming(handler, event, context, id) {
  return new Promise((resolve, reject) => {
    const stream = new PassThrough();
    let contentType = 'application/octet-stream';
    let request;
    stream.setContentType = (type) => { contentType = type; };
    const begin = () => {
      if (request) return;
      const headers = {
        'content-type': contentType,
        'transfer-encoding': 'chunked',
        'lambda-runtime-function-response-mode': 'streaming',
        trailer: 'lambda-runtime-function-error-type, lambda-runtime-function-error-body',
      };
      request = http.request({ host: HOST, port: PORT, method: 'POST', path: `${API}/invocation/${id}/response`, headers, agent }, (response) => {
        response.resume();
        response.on('end', resolve);
      });
      request.on('error', reject);
      request.setNoDelay(true);
    };
    const broken = (error) => {
      if (!request) { reject(error); return; }
      const what = told(error);
      console.error(error);
      request.addTrailers({
        'lambda-runtime-function-error-type': what.errorType,
        'lambda-runtime-function-error-body': Buffer.from(JSON.stringify(what)).toString('base64'),
      });
      request.end();
    };
    stream.on('data', (chunk) => {
      begin();
      if (!request.write(chunk)) {
        stream.pause();
        request.once('drain', () => stream.resume());
      }
    });
    stream.on('end', () => { begin(); request.end(); });
    stream.on('error', broken);
    Promise.resolve()
      .then(() => handler(event, stream, context))
      .catch((error) => stream.destroy(error ?? new Error('handled')));
  });
}

async function main() {
  let handler;
  try {
    handler = await load();
  } catch (error) {
    await fail('/init/error', error);
    process.exit(1);
  }
  for (;;) {
    const { headers, body } = await send('GET', '/invocation/next');
    requestId = headers['lambda-runtime-aws-request-id'];
    const id = encodeURIComponent(requestId);
    if (headers['lambda-runtime-trace-id']) env._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id'];
    else delete env._X_AMZN_TRACE_ID;
    try {
      const event = JSON.parse(body.toString());
      const answer = handler[STREAMING] ? answerStreaming : answerOnce;
      await answer(handler, event, contextOf(headers), id);
    } catch (error) {
      await fail(`/invocation/${id}/error`, error);
    }
  }
}

async function unhandled(error, kind) {
  const what = told(error);
  console.error(error);
  await post(`/invocation/${encodeURIComponent(requestId)}/error`, JSON.stringify({ ...what, errorType: kind || what.errorType }));
  process.exit(128);
}

process.on('uncaughtException', (error) => unhandled(error));
process.on('unhandledRejection', (reason) => unhandled(reason, 'Runtime.UnhandledPromiseRejection'));
await main();
