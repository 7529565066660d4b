// AWS's names lead to the emulator, over TLS that verifies: what is sent to them without an endpoint meets the
// emulator, and nothing reaches AWS.
"use strict";
const net = require("node:net");

const AWS_NAMES = [".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".on.aws", ".amazoncognito.com"];
const WAIT_MS = 10_000;
const LARGEST = 16_384;

/** Asks the emulator for its certificate, in a thread: whoever connects cannot wait for an answer. */
const ASK = `
const { workerData: { place, state, text } } = require("node:worker_threads");
const end = (length) => { state[1] = length; state[0] = 1; Atomics.notify(state, 0); };
require("node:http").get({ ...place, path: "/_dew/authority", headers: { host: "localhost" } }, (response) => {
  const chunks = [];
  response.on("data", (chunk) => chunks.push(chunk));
  response.on("end", () => {
    const pem = Buffer.concat(chunks);
    if (response.statusCode === 200 && pem.length <= text.length) pem.copy(Buffer.from(text.buffer));
    end(response.statusCode === 200 ? pem.length : 0);
  });
}).on("error", () => end(0));
`;

const isAwsName = (host) => {
  if (typeof host !== "string") return false;
  const name = host.toLowerCase().replace(/\.$/, "");
  return AWS_NAMES.some((end) => name.endsWith(end));
};

/** `127.0.0.1:443`, or `[::1]:443`. */
function address(text) {
  const at = text.lastIndexOf(":");
  return { host: text.slice(0, at).replace(/^\[|\]$/g, ""), port: Number(text.slice(at + 1)) };
}

function certificate(place) {
  const { Worker } = require("node:worker_threads");
  const state = new Int32Array(new SharedArrayBuffer(8));
  const text = new Uint8Array(new SharedArrayBuffer(LARGEST));
  const worker = new Worker(ASK, { eval: true, workerData: { place, state, text }, env: {}, execArgv: [] });
  worker.unref();
  Atomics.wait(state, 0, 0, WAIT_MS);
  if (!state[1]) throw new Error("the emulator doesn't show its certificate");
  return Buffer.from(text.slice(0, state[1])).toString("latin1");
}

/** Lead AWS's names to `secure` for HTTPS and to `plain` for HTTP, both `host:port`. */
function intercept(secure, plain) {
  const places = { 443: address(secure), 80: address(plain) };
  let authority;

  const connect = net.Socket.prototype.connect;
  net.Socket.prototype.connect = function (...given) {
    // Node.js hands on its own arguments as one marked array: [options, callback].
    const [first] = given;
    const options = Array.isArray(first) ? first[0] : first;
    if (typeof options === "object" && options !== null && isAwsName(options.host)) {
      const place = places[options.port];
      if (!place) {
        const message = `dewstack emulates nothing at ${options.host}:${options.port}, and lets nothing out to AWS`;
        process.nextTick(() => this.destroy(new Error(`${message} (dew up --allow-aws does)`)));
        return this;
      }
      if (this._tlsOptions) trust(this._tlsOptions);
      const led = { ...options, ...place, lookup: undefined, autoSelectFamily: false };
      if (Array.isArray(first)) first[0] = led;
      else given[0] = led;
    } else if (typeof first === "number" && isAwsName(given[1]) && places[first]) {
      given[0] = places[first].port;
      given[1] = places[first].host;
    }
    return connect.apply(this, given);
  };

  /** Let a connection that is to verify one of AWS's names know the emulator's authority as well. `tls` itself isn't
   * touched: loading it would cost every function 4 ms. */
  function trust({ rejectUnauthorized, secureContext }) {
    if (rejectUnauthorized === false) return;
    authority ??= certificate(places[80]);
    secureContext.context.addCACert(authority);
  }
}

module.exports = { intercept };
