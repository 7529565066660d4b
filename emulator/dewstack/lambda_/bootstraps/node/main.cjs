// dewstack's Node.js runtime: loads the handler, then serves one event after the other over the Runtime API.
// It behaves as aws-lambda-ric, AWS's own runtime, does for the function's runtime identifier: version 3 of it up to
// nodejs22.x, version 4 from nodejs24.x on.
"use strict";
const { Connection } = require("./connection.cjs");
const { describe, fault } = require("./errors.cjs");
const { load } = require("./handlers.cjs");
const { intercept } = require("./interception.cjs");
const { patchConsole } = require("./log.cjs");
const { makeInvoke, onIdle } = require("./invocations.cjs");
const sdk = require("./sdk.cjs");

const { env } = process;
const BASE = "/2018-06-01/runtime/";
const HOST = `HTTP/1.1\r\nHost: ${env.AWS_LAMBDA_RUNTIME_API}\r\n`;
const NEXT = `GET ${BASE}invocation/next ${HOST}\r\n`;
const THAW_MS = 1000;

const log = patchConsole(env);
const state = { requestId: undefined, connection: undefined };

/** A request with a result. */
function post(where, body, headers = "Content-Type: application/json\r\n") {
  return `POST ${BASE}${where} ${HOST}${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

function postError(where, error) {
  const body = describe(error);
  const type = String(body.errorType).replace(/[^\x20-\x7e]/g, "?");
  return post(where, JSON.stringify(body), `Content-Type: application/json\r\nLambda-Runtime-Function-Error-Type: ${type}\r\n`);
}

const turn = () => new Promise(setImmediate);

/** One event after the other. A result and the request for the next event leave in one segment. */
async function serve(connection, invoke) {
  let results = "";
  for (;;) {
    connection.send(results + NEXT);
    // What the handler left behind has one turn, then the process rests until there is an event: AWS freezes it.
    await turn();
    const rested = Date.now();
    const { headers, body } = await connection.event();
    if (Date.now() - rested > THAW_MS) await turn(); // connections that were closed meanwhile are noticed
    const id = (log.requestId = state.requestId = headers["lambda-runtime-aws-request-id"]);
    const trace = headers["lambda-runtime-trace-id"];
    if (trace) env._X_AMZN_TRACE_ID = trace;
    else delete env._X_AMZN_TRACE_ID;
    const outcome = await invoke(headers, body);
    if ("error" in outcome) {
      log.error("Invoke Error", outcome.error);
      results = postError(`invocation/${id}/error`, outcome.error);
    } else if ("body" in outcome) {
      results = post(`invocation/${id}/response`, outcome.body);
    } else {
      results = ""; // it has been streamed
    }
    state.requestId = undefined;
  }
}

/** Report what nobody caught, to the invocation or the init phase that it ends, and exit. */
function crash(title, error, status) {
  log.error(title, error);
  const { connection, requestId } = state;
  if (!connection || connection.waiting) process.exit(status);
  const where = requestId ? `invocation/${requestId}/error` : "init/error";
  connection.last(postError(where, error), () => process.exit(status));
}

async function main() {
  process.on("uncaughtException", (error) => crash("Uncaught Exception", error, 129));
  process.on("unhandledRejection", (reason) => {
    const error = fault("UnhandledPromiseRejection", reason);
    error.reason = reason;
    crash("Unhandled Promise Rejection", error, 128);
  });
  process.on("beforeExit", onIdle);
  // Code that is loaded again and again is compiled once (Node.js 22 and newer).
  require("node:module").enableCompileCache?.(`${env.LAMBDA_RUNTIME_DIR}/node-cache`);
  state.connection = await Connection.open(env.AWS_LAMBDA_RUNTIME_API, Boolean(env._DEW_DEBUG));
  delete env._DEW_DEBUG;
  if (env._DEW_AWS) intercept(...env._DEW_AWS.split(" "));
  delete env._DEW_AWS;
  if (env.AWS_ENDPOINT_URL) sdk.lead(env.AWS_ENDPOINT_URL);
  const handler = await load(env.LAMBDA_TASK_ROOT, env._HANDLER);
  await serve(state.connection, makeInvoke(handler, env, (error) => log.error("Invoke Error", error)));
}

main().catch((error) => crash("Uncaught Exception", error, 129));
