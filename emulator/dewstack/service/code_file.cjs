// Runs a file of the map that is a program, and gives what it exports, over the pipes it is told of.
'use strict';

const fs = require('fs');
const Module = require('module');
const path = require('path');
const readline = require('readline');
const url = require('url');
const { execFileSync } = require('child_process');

const { file, keys, options, esbuild, up, down } = JSON.parse(process.argv[2]);

const send = (message) => fs.writeSync(up, JSON.stringify(message) + '\n');
const waiting = [];
readline.createInterface({ input: fs.createReadStream(null, { fd: down }) }).on('line', (line) => {
  const { value, error } = JSON.parse(line);
  const { resolve, reject } = waiting.shift();
  if (error === undefined) resolve(value);
  else reject(new Error(error));
});
const ask = (message) =>
  new Promise((resolve, reject) => {
    waiting.push({ resolve, reject });
    send(message);
  });

const say = (...words) => console.error(...words);
const context = {
  options,
  resolveVariable: (text) => ask({ variable: text }),
  resolveConfigurationProperty: (property) => ask({ property }),
  cli: { log: say, consoleLog: say },
};

// The aliases of modules in tsconfig.json, which may have comments and extend another one.
const aliases = (config) => {
  if (!fs.existsSync(config)) return undefined;
  const text = fs
    .readFileSync(config, 'utf8')
    .replace(/("(?:\\.|[^"\\])*")|\/\/.*|\/\*[^]*?\*\//g, '$1')
    .replace(/,(\s*[}\]])/g, '$1');
  const { extends: parents = [], compilerOptions: { baseUrl = '.', paths } = {} } = JSON.parse(text);
  if (paths) return { base: path.resolve(path.dirname(config), baseUrl), paths };
  const relative = [parents].flat().filter((each) => each.startsWith('.'));
  const found = relative.map((each) => aliases(path.resolve(path.dirname(config), each)));
  return found.reverse().find((each) => each);
};

const candidates = ({ base, paths }, request) =>
  Object.entries(paths).flatMap(([pattern, targets]) => {
    const [before, after] = pattern.split('*');
    if (after === undefined) return request === pattern ? targets.map((each) => path.resolve(base, each)) : [];
    if (!request.startsWith(before) || !request.endsWith(after)) return [];
    const rest = request.slice(before.length, request.length - after.length);
    return targets.map((each) => path.resolve(base, each.replace('*', rest)));
  });

// TypeScript is made JavaScript file by file, so that __dirname is what its author expects.
const hookTypeScript = () => {
  for (const extension of ['.ts', '.cts', '.mts']) {
    Module._extensions[extension] = (module, source) => {
      const settings = ['--loader=ts', '--format=cjs', '--platform=node', '--log-level=error', '--color=false'];
      const input = fs.readFileSync(source);
      const compiled = execFileSync(esbuild, [...settings, `--sourcefile=${source}`], { input, stdio: 'pipe' });
      module._compile(compiled.toString(), source);
    };
  }
  const known = aliases(path.join(process.cwd(), 'tsconfig.json'));
  if (!known) return;
  const resolve = Module._resolveFilename;
  Module._resolveFilename = function (request, ...rest) {
    for (const candidate of candidates(known, request)) {
      try {
        return resolve.call(this, candidate, ...rest);
      } catch (error) {
        if (error.code !== 'MODULE_NOT_FOUND') throw error;
      }
    }
    return resolve.call(this, request, ...rest);
  };
};

const exported = (found) => {
  const isModule = found && (found.__esModule || found[Symbol.toStringTag] === 'Module');
  return isModule && 'default' in found && !(keys[0] in found) ? found.default : found;
};

const load = async () => {
  if (esbuild) hookTypeScript();
  try {
    return exported(require(file));
  } catch (error) {
    if (error.code !== 'ERR_REQUIRE_ESM') throw error;
    return exported(await import(url.pathToFileURL(file)));
  }
};

const main = async () => {
  let called = false;
  const call = async (value) => {
    if (typeof value !== 'function' || called) return value;
    called = true;
    return value(context);
  };
  let value = await call(await load());
  for (const key of keys) {
    if (value === null || value === undefined) break;
    value = await call(value[key]);
  }
  send({ result: value === undefined ? null : value, files: Object.keys(require.cache) });
};

main().then(
  () => process.exit(0),
  (error) => {
    const lines = String((error && error.stderr && String(error.stderr).trim()) || (error && error.stack) || error);
    send({ error: lines.split('\n').slice(0, 3).map((line) => line.trim()).join('; ') });
    process.exit(0);
  },
);
