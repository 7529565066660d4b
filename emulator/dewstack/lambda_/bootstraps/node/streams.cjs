// Response streaming (`awslambda.streamifyResponse`): what the handler writes leaves at once, in chunks over HTTP/1.1.
// The stream that a handler gets is a request of node:http, of which it sees what AWS's runtime shows.
"use strict";
const { describe, fault } = require("./errors.cjs");

const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");
const HIGH_WATER_MARK = Symbol.for("aws.lambda.runtime.handler.streaming.highWaterMark");
const PRELUDE_TYPE = "application/vnd.awslambda.http-integration-response";
const ERROR_TYPE = "Lambda-Runtime-Function-Error-Type";
const ERROR_BODY = "Lambda-Runtime-Function-Error-Body";
const METHODS = `cork destroy end uncork write addListener emit eventNames getMaxListeners listenerCount listeners off on
  once prependListener prependOnceListener rawListeners removeAllListeners removeListener setMaxListeners
  setContentType`.split(/\s+/);
const PROPERTIES = `destroyed writable writableBuffer writableCorked writableEnded writableFinished
  writableHighWaterMark writableLength writableNeedDrain writableObjectMode _onBeforeFirstWrite`.split(/\s+/);

/** The global `awslambda`. */
const streaming = {
  streamifyResponse(handler, options) {
    handler[STREAMING] = "response";
    if (typeof options?.highWaterMark === "number") handler[HIGH_WATER_MARK] = Math.trunc(options.highWaterMark);
    return handler;
  },
  HttpResponseStream: class HttpResponseStream {
    /** Status and headers as a JSON prelude, eight zero bytes, then the body. Nothing leaves before the first write. */
    static from(stream, prelude) {
      stream.setContentType(PRELUDE_TYPE);
      const text = JSON.stringify(prelude);
      stream._onBeforeFirstWrite = (write) => {
        write(text);
        write(new Uint8Array(8));
      };
      return stream;
    }
  },
};

function isStreaming(handler) {
  const mode = handler[STREAMING];
  if (mode && mode !== "response") throw fault("MalformedStreamingHandler", "Only response streaming is supported.");
  return Boolean(mode);
}

const agents = new Map();

/** The connection that responses go over, kept; one for each size of its buffer. */
function agentFor(highWaterMark) {
  let agent = agents.get(highWaterMark);
  if (!agent) {
    const { Agent } = require("node:http");
    agent = new Agent({ keepAlive: true, maxSockets: 1 });
    if (highWaterMark) {
      const connect = agent.createConnection;
      agent.createConnection = (options, ...rest) => connect.call(agent, { ...options, highWaterMark }, ...rest);
    }
    agents.set(highWaterMark, agent);
  }
  return agent;
}

/** The request that carries the response of an event. */
function open(requestId, highWaterMark) {
  const [hostname, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
  return require("node:http").request({
    hostname,
    port,
    method: "POST",
    path: `/2018-06-01/runtime/invocation/${encodeURIComponent(requestId)}/response`,
    agent: agentFor(highWaterMark),
    headers: {
      "Lambda-Runtime-Function-Response-Mode": "streaming",
      Trailer: [ERROR_TYPE, ERROR_BODY],
      "Content-Type": "application/octet-stream",
    },
  });
}

/** Settles when the Runtime API has answered. */
function answered(request) {
  return new Promise((resolve, reject) => {
    request.on("error", reject);
    request.on("response", (response) => {
      response.on("error", reject);
      response.on("end", resolve);
      response.resume();
    });
  });
}

/** What the handler sees of a request. */
function shown(request) {
  const { write } = request;
  let begun = false;
  request.setContentType = (type) => {
    if (begun) throw fault("InvalidStreamingOperation", "Cannot set content-type, too late.");
    request.setHeader("Content-Type", type);
  };
  request.write = (chunk, ...rest) => {
    if (!begun) request._onBeforeFirstWrite?.((each) => write.call(request, each));
    begun = true;
    const bytes = typeof chunk === "string" || chunk instanceof Uint8Array;
    return write.call(request, bytes ? chunk : JSON.stringify(chunk), ...rest);
  };
  const stream = Object.fromEntries(METHODS.map((name) => [name, request[name].bind(request)]));
  for (const name of PROPERTIES) {
    Object.defineProperty(stream, name, { get: () => request[name], set: (value) => (request[name] = value) });
  }
  return stream;
}

/** End a response with an error, behind whatever has been written. */
function fail(request, error) {
  const body = describe(error);
  request.addTrailers({
    [ERROR_TYPE]: String(body.errorType).replace(/[^\x20-\x7e]/g, "?"),
    [ERROR_BODY]: Buffer.from(JSON.stringify(body)).toString("base64"),
  });
  request.end();
}

/** Run a streaming handler until its response is out. An error goes to `logFailure`, and behind what was written. */
async function runStreaming(handler, event, context, logFailure) {
  const request = open(context.awsRequestId, handler[HIGH_WATER_MARK]);
  const heard = answered(request);
  heard.catch(() => {});
  const stream = shown(request);
  context.callbackWaitsForEmptyEventLoop = true;
  try {
    const returned = handler(event, stream, context);
    if (typeof returned?.then !== "function") throw "Streaming does not support non-async handlers.";
    if ((await returned) !== undefined) console.warn("Streaming handlers ignore return values.");
    await heard; // a stream that is never ended is waited for, as on AWS: until the time limit
    if (!request.writableFinished) throw "Response stream is not finished.";
  } catch (error) {
    logFailure(error);
    if (!request.writableEnded) fail(request, error);
    await heard.catch(() => {});
  }
  return {};
}

module.exports = { isStreaming, runStreaming, streaming };
