// From `src/handlers/login.handler` to a function, by the rules of Lambda's Node.js runtime.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const { createRequire } = require("node:module");
const { fault } = require("./errors.cjs");
const { streaming } = require("./streams.cjs");

const TAIL_BYTES = 300;

/** Whether the nearest package.json makes a `.js` file an ES module. */
function isModule(folder) {
  for (let at = folder; !at.endsWith("/node_modules"); at = path.dirname(at)) {
    try {
      return JSON.parse(fs.readFileSync(path.join(at, "package.json"), "utf8"))?.type === "module";
    } catch (error) {
      if (error.code !== "ENOENT" && error.code !== "ENOTDIR") {
        console.warn(`${at}/package.json cannot be read, it will be ignored for ES module detection purposes.`, error);
        return false;
      }
    }
    if (at === path.dirname(at)) return false;
  }
  return false;
}

/** Let stack traces name the sources, where the file leads to a source map or ends with one. */
function useSourceMap(file) {
  const size = fs.statSync(file).size;
  const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
  const handle = fs.openSync(file);
  fs.readSync(handle, tail, 0, tail.length, size - tail.length);
  fs.closeSync(handle);
  const inLongLine = !tail.subarray(0, -1).includes("\n");
  const text = inLongLine ? fs.readFileSync(file, "latin1") : tail;
  if (text.includes("//# sourceMappingURL=")) process.setSourceMapsEnabled(true);
}

async function importFile(root, file) {
  useSourceMap(file);
  const requires = createRequire(path.join(root, "index.js"));
  const ending = path.extname(file);
  if (ending === ".mjs" || (ending === ".js" && isModule(path.dirname(file)))) {
    return import(require("node:url").pathToFileURL(file));
  }
  return requires(file);
}

async function loadModule(root, folder, name) {
  const base = path.resolve(root, folder, name);
  const file = ["", ".js", ".mjs", ".cjs"].map((ending) => base + ending).find((each) => fs.statSync(each, { throwIfNoEntry: false })?.isFile());
  if (file) return importFile(root, file);
  const { resolve } = createRequire(path.join(root, "index.js"));
  return importFile(root, resolve(name, { paths: [root, path.join(root, folder)] }));
}

/** What the runtime of AWS brings along and this machine doesn't. */
function remark(error) {
  const missing = /Cannot find (?:module|package) '((?:@aws-sdk|@smithy)\/[^/']+|aws-sdk)/.exec(error?.message)?.[1];
  if (missing) console.warn(`AWS's runtime brings ${missing} along; here it comes from your project: npm install --save-dev ${missing}`);
}

async function guarded(loading) {
  try {
    return await loading();
  } catch (error) {
    remark(error);
    if (error instanceof SyntaxError) {
      const syntax = fault("UserCodeSyntaxError", error);
      syntax.stack = `${syntax.name}: ${syntax.message}\n${error.stack}`;
      throw syntax;
    }
    throw error?.code === "MODULE_NOT_FOUND" ? fault("ImportModuleError", error) : error;
  }
}

const find = (object, names) => names.split(".").reduce((at, name) => at?.[name], object);

/** The function that `spec` names, below `root`. Throws what AWS's runtime throws. */
async function load(root, spec) {
  if (spec.includes("..")) {
    throw fault("MalformedHandlerName", `'${spec}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`);
  }
  const last = path.basename(spec);
  const [, name, property] = /^([^.]*)\.(.*)$/.exec(last) ?? [];
  if (name === undefined) throw fault("MalformedHandlerName", "Bad handler");
  globalThis.awslambda = { ...globalThis.awslambda, ...streaming };
  const module = await guarded(() => loadModule(root, spec.slice(0, spec.length - last.length), name));
  const handler = find(module, property) || find(module?.default, property);
  if (!handler) throw fault("HandlerNotFound", `${spec} is undefined or not exported`);
  if (typeof handler !== "function") throw fault("HandlerNotFound", `${spec} is not a function`);
  return handler;
}

module.exports = { load };
