// One event: the handler is called the way that its runtime calls it, and comes to an end.
"use strict";
const { fault } = require("./errors.cjs");
const { isStreaming, runStreaming } = require("./streams.cjs");

const NO_CALLBACKS =
  "ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to" +
  " modify this function to use a supported handler signature to use Node.js 24 or later. For more information see" +
  " https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.";

/** Called when nothing is left for the event loop to do: an invocation that nobody ended ends then, as on AWS. */
const idle = { end: undefined };
const onIdle = () => {
  const { end } = idle;
  idle.end = undefined;
  if (end) setImmediate(end);
};

const json = (text) => (text ? JSON.parse(text) : undefined);

function contextOf(headers, env) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  return {
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: json(headers["lambda-runtime-client-context"]),
    identity: json(headers["lambda-runtime-cognito-identity"]),
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    tenantId: headers["lambda-runtime-aws-tenant-id"],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

/** A handler that returns a promise, or calls back (to Node.js 22): it is done when one of the ways out is taken. */
function runWithCallbacks(handler, event, context) {
  return new Promise((resolve) => {
    let over = false;
    let waits = true;
    const once = (way) => (...values) => {
      if (over) return;
      over = true;
      idle.end = undefined;
      way(...values);
    };
    const end = (error, value) => resolve(error === undefined || error === null ? { value } : { error });
    const done = once(end);
    const callback = once((error, value) => {
      if (waits && (error === undefined || error === null)) idle.end = () => end(null, value);
      else end(error, value);
    });
    const fail = (error) => done(error ?? "handled");
    idle.end = once(() => end(null, null));
    Object.defineProperty(context, "callbackWaitsForEmptyEventLoop", {
      get: () => waits,
      set: (value) => (waits = value),
      enumerable: true,
      configurable: true,
    });
    context.succeed = (value) => done(null, value);
    context.fail = fail;
    context.done = done;
    try {
      const returned = handler(event, context, callback);
      if (typeof returned?.then === "function") returned.then(context.succeed, fail);
    } catch (error) {
      callback(error);
    }
  });
}

/** A handler whose promise, or whatever else it returns, is the result (from Node.js 24 on). */
async function runPlain(handler, event, context) {
  return { value: await handler(event, context) };
}

function serialized(outcome, modern) {
  if ("error" in outcome) return outcome;
  try {
    return { body: JSON.stringify(outcome.value === undefined ? null : outcome.value) ?? "null" };
  } catch {
    const text = "Unable to stringify response body";
    return { error: modern ? fault("JSONStringifyError", text) : new Error(text) };
  }
}

/** What serves an event of `handler`: gives { body }, { error }, or {} where the response has been streamed and its
 * failure logged; it never throws. */
function makeInvoke(handler, env, logFailure) {
  const modern = Number(/nodejs(\d+)/.exec(env.AWS_EXECUTION_ENV)?.[1]) >= 24;
  const streams = isStreaming(handler);
  if (modern && !streams && handler.length >= 3) throw fault("CallbackHandlerDeprecated", NO_CALLBACKS);
  const run = streams ? runStreaming : modern ? runPlain : runWithCallbacks;
  return async (headers, body) => {
    try {
      const outcome = await run(handler, JSON.parse(body), contextOf(headers, env), logFailure);
      return streams ? outcome : serialized(outcome, modern);
    } catch (error) {
      return { error };
    }
  };
}

module.exports = { makeInvoke, onIdle };
