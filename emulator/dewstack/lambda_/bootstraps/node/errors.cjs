// Errors as Lambda's Node.js runtime names and describes them.
"use strict";
const { isNativeError } = require("node:util").types;

/** An error of the runtime's own: `Runtime.<kind>`. */
function fault(kind, reason) {
  const error = new Error(String(reason));
  const name = `Runtime.${kind}`;
  Object.defineProperty(error, "name", { value: name, configurable: true, writable: true });
  error.stack = error.stack.replace(/^Error/, name);
  return error;
}

/** What is posted to the Runtime API: anything may be thrown, and its fields may throw as well. */
function describe(error) {
  try {
    if (isNativeError(error) || (error?.name && error.message && typeof error.stack === "string")) {
      const clean = (text) => text?.replaceAll("\x7F", "%7F");
      return { errorType: clean(error.name), errorMessage: clean(error.message), trace: clean(error.stack)?.split("\n") ?? [] };
    }
    return { errorType: typeof error, errorMessage: String(error), trace: [] };
  } catch {
    const text = "callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack";
    return { errorType: "handled", errorMessage: text, trace: [] };
  }
}

/** An error with what else it carries, as JSON for the log. */
function toLogged(error) {
  const known = isNativeError(error) ? error : new Error(error);
  const expand = (_key, value) =>
    value instanceof Error || value === known
      ? { errorType: value.name, errorMessage: value.message, code: value.code, ...value, stack: value.stack?.split("\n") }
      : value;
  try {
    return JSON.stringify(known, expand);
  } catch {
    return JSON.stringify(describe(error));
  }
}

module.exports = { describe, fault, toLogged };
