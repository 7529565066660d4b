// Response streaming (`awslambda.streamifyResponse`), buffered: what the handler writes leaves when it has ended.
"use strict";
const { fault } = require("./errors.cjs");

const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");
const PRELUDE_TYPE = "application/vnd.awslambda.http-integration-response";

/** The global `awslambda`. */
const streaming = {
  streamifyResponse(handler) {
    handler[STREAMING] = "response";
    return handler;
  },
  HttpResponseStream: class HttpResponseStream {
    /** Status and headers as a JSON prelude, eight zero bytes, then the body. */
    static from(stream, prelude) {
      stream.setContentType(PRELUDE_TYPE);
      stream._onBeforeFirstWrite = (write) => {
        write(JSON.stringify(prelude));
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

function makeStream() {
  const { Writable } = require("node:stream");
  const chunks = [];
  let contentType = "application/octet-stream";
  const stream = new Writable({
    decodeStrings: true,
    write(chunk, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  const { write, end } = stream;
  const begin = () => {
    const before = stream._onBeforeFirstWrite;
    stream._onBeforeFirstWrite = undefined;
    before?.((chunk) => write.call(stream, chunk));
  };
  stream.write = (chunk, ...rest) => {
    begin();
    const bytes = typeof chunk === "string" || chunk instanceof Uint8Array;
    return write.call(stream, bytes ? chunk : JSON.stringify(chunk), ...rest);
  };
  stream.end = (...parts) => {
    if (parts.length && typeof parts[0] !== "function") stream.write(parts.shift(), ...parts.filter((each) => typeof each === "string"));
    begin();
    return end.call(stream, ...parts.filter((each) => typeof each === "function"));
  };
  stream.setContentType = (type) => {
    if (chunks.length) throw fault("InvalidStreamingOperation", "Cannot set content-type, too late.");
    contentType = type;
  };
  return { stream, written: () => ({ body: Buffer.concat(chunks), contentType }) };
}

/** Run a streaming handler: { body, headers } or { error }. */
async function runStreaming(handler, event, context) {
  const { stream, written } = makeStream();
  const failed = new Promise((_resolve, reject) => stream.once("error", reject));
  failed.catch(() => {});
  context.callbackWaitsForEmptyEventLoop = true;
  const returned = handler(event, stream, context);
  if (typeof returned?.then !== "function") return { error: "Streaming does not support non-async handlers." };
  const value = await Promise.race([returned, failed]);
  if (value !== undefined) console.warn("Streaming handlers ignore return values.");
  if (!stream.writableEnded) return { error: "Response stream is not finished." };
  if (!stream.writableFinished) await Promise.race([new Promise((resolve) => stream.once("finish", resolve)), failed]);
  const { body, contentType } = written();
  return { body, headers: `Content-Type: ${contentType}\r\nLambda-Runtime-Function-Response-Mode: streaming\r\n` };
}

module.exports = { isStreaming, runStreaming, streaming };
