// dewstack's Node.js runtime: loads the handler, then serves one event after the other over the Runtime API.
// The response and the request for the next event leave in one segment.
import { createRequire } from "node:module";
import { existsSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { format } from "node:util";

const env = process.env;
const base = "/2018-06-01/runtime/";
const [host, port] = env.AWS_LAMBDA_RUNTIME_API.split(":");
const NEXT = `GET ${base}invocation/next HTTP/1.1\r\nHost: ${env.AWS_LAMBDA_RUNTIME_API}\r\n\r\n`;
let requestId = "";

for (const [method, level] of Object.entries({ log: "INFO", info: "INFO", warn: "WARN", error: "ERROR", debug: "DEBUG", trace: "TRACE" })) {
  console[method] = (...args) => {
    const text = format(...args).replaceAll("\n", "\r");
    process.stdout.write(`${new Date().toISOString()}\t${requestId || "undefined"}\t${level}\t${text}\n`);
  };
}

const socket = net.connect({ host, port: Number(port), noDelay: true });
socket.on("close", () => process.exit(0));
socket.on("error", () => process.exit(0));

function post(where, body, then = "", headers = "") {
  const payload = Buffer.from(body);
  const head = `POST ${base}${where} HTTP/1.1\r\nHost: ${env.AWS_LAMBDA_RUNTIME_API}\r\nContent-Type: application/json\r\n${headers}Content-Length: ${payload.length}\r\n\r\n`;
  socket.write(Buffer.concat([Buffer.from(head), payload, Buffer.from(then)]));
}

function describe(error) {
  const known = error instanceof Error;
  return {
    errorType: known ? error.name || "Error" : typeof error,
    errorMessage: known ? error.message : String(error),
    trace: known && error.stack ? error.stack.split("\n") : [],
  };
}

function fault(name, message) {
  const error = new Error(message);
  error.name = name;
  error.stack = `${name}: ${message}`;
  return error;
}

async function load(spec) {
  const root = env.LAMBDA_TASK_ROOT;
  const dot = spec.lastIndexOf(".");
  if (dot < 1) throw fault("Runtime.MalformedHandlerName", `Bad handler '${spec}'`);
  const [file, name] = [path.join(root, spec.slice(0, dot)), spec.slice(dot + 1)];
  const found = ["", ".js", ".mjs", ".cjs"].map((ending) => file + ending).find((one) => existsSync(one) && path.extname(one));
  if (!found) throw fault("Runtime.ImportModuleError", `Error: Cannot find module '${path.basename(file)}'`);
  let module;
  try {
    module = found.endsWith(".mjs") ? await import(pathToFileURL(found)) : createRequire(path.join(root, "index.js"))(found);
  } catch (error) {
    if (error.code === "ERR_REQUIRE_ESM" || error instanceof SyntaxError && !found.endsWith(".cjs")) {
      module = await import(pathToFileURL(found));
    } else throw error;
  }
  const handler = module[name] ?? module.default?.[name];
  if (handler === undefined) throw fault("Runtime.HandlerNotFound", `${spec} is undefined or not exported`);
  if (typeof handler !== "function") throw fault("Runtime.HandlerNotFound", `${spec} is not a function`);
  return handler;
}

function contextOf(headers) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: headers["lambda-runtime-client-context"] ? JSON.parse(headers["lambda-runtime-client-context"]) : undefined,
    identity: undefined,
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    awsRequestId: requestId,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

function run(handler, event, context) {
  return new Promise((resolve, reject) => {
    const done = (error, value) => (error ? reject(error) : resolve(value));
    context.done = done;
    context.succeed = resolve;
    context.fail = reject;
    const returned = handler(event, context, done);
    if (returned && typeof returned.then === "function") returned.then(resolve, reject);
    else if (handler.length < 3 && returned !== undefined) resolve(returned);
    else if (handler.length < 3) setImmediate(() => resolve(null));
  });
}

function failed(where, error, then) {
  const body = describe(error);
  console.error(where === "init/error" ? "Uncaught Exception" : "Invoke Error", JSON.stringify({ ...body, stack: body.trace, trace: undefined }));
  post(where, JSON.stringify(body), then, `Lambda-Runtime-Function-Error-Type: ${body.errorType.replace(/[\r\n]/g, " ")}\r\n`);
}

let pending = Buffer.alloc(0);
let handler;

socket.on("data", (chunk) => {
  pending = pending.length ? Buffer.concat([pending, chunk]) : chunk;
  for (;;) {
    const end = pending.indexOf("\r\n\r\n");
    if (end < 0) return;
    const [, ...lines] = pending.toString("latin1", 0, end).split("\r\n");
    const headers = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]));
    const size = end + 4 + Number(headers["content-length"] ?? 0);
    if (pending.length < size) return;
    const body = pending.toString("utf8", end + 4, size);
    pending = pending.subarray(size);
    if (headers["lambda-runtime-aws-request-id"]) serve(headers, body);
  }
});

async function serve(headers, body) {
  const id = (requestId = headers["lambda-runtime-aws-request-id"]);
  env._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"] ?? "";
  try {
    const value = await run(handler, JSON.parse(body), contextOf(headers));
    post(`invocation/${id}/response`, JSON.stringify(value) ?? "null", NEXT);
  } catch (error) {
    failed(`invocation/${id}/error`, error, NEXT);
  }
}

function crash(error) {
  console.error("Uncaught Exception", JSON.stringify({ ...describe(error), trace: undefined, stack: describe(error).trace }));
  process.exitCode = 129;
  process.exit(129);
}
process.on("uncaughtException", crash);
process.on("unhandledRejection", (error) => crash(fault("Runtime.UnhandledPromiseRejection", String(error?.stack ?? error))));

try {
  handler = await load(env._HANDLER);
  socket.write(NEXT);
} catch (error) {
  failed("init/error", error, "");
}
