// console.* as Lambda writes it: time, request id, level and message, separated by tabs; an event of several lines
// is kept together by carriage returns. Or as JSON, when the function's LoggingConfig says so.
"use strict";
const { format } = require("node:util");
const { toLogged } = require("./errors.cjs");

const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];

function serialized(_key, value) {
  if (!(value instanceof Error)) return value;
  return {
    errorType: value.constructor?.name ?? "UnknownError",
    errorMessage: value.message,
    stackTrace: value.stack?.split("\n"),
    ...value,
  };
}

function jsonLine(time, requestId, level, parts) {
  const line = { timestamp: time, level, requestId };
  if (parts.length === 1) {
    try {
      return JSON.stringify({ ...line, message: parts[0] }, serialized);
    } catch {
      return JSON.stringify({ ...line, message: format(parts[0]) });
    }
  }
  const error = parts.find((part) => part instanceof Error);
  const { errorType, errorMessage, stackTrace } = error ? serialized("", error) : {};
  return JSON.stringify({ ...line, message: format(...parts), errorType, errorMessage, stackTrace });
}

/** Replace the methods of `console`. The log's `requestId` is that of the event which is being served. */
function patchConsole(env) {
  const asJson = env.AWS_LAMBDA_LOG_FORMAT?.toUpperCase() === "JSON";
  const lowest = Math.max(0, LEVELS.indexOf(env.AWS_LAMBDA_LOG_LEVEL?.toUpperCase()));
  const log = { requestId: env.AWS_EXECUTION_ENV?.match(/nodejs(2[4-9]|[3-9]\d)/) ? "-" : undefined };

  const write = (level, parts) => {
    const time = new Date().toISOString();
    const line = asJson
      ? jsonLine(time, log.requestId, level, parts)
      : `${time}\t${log.requestId}\t${level}\t${format(...parts)}`;
    process.stdout.write(`${line.replaceAll("\n", "\r")}\n`);
  };
  LEVELS.forEach((level, priority) => {
    console[level.toLowerCase()] = priority < lowest ? () => {} : (...parts) => write(level, parts);
  });
  console.log = console.info;
  log.error = (title, error) => {
    if (asJson) console.error(error instanceof Error ? error : new Error(error));
    else console.error(title, `\t${toLogged(error)}`);
  };
  return log;
}

module.exports = { patchConsole };
