// Calls a client library on behalf of a test: one JSON line in, `[name, ...arguments]`; one out, `{value}` or `{error}`.
import { createInterface } from 'node:readline';

const { calls } = await import(`./${process.argv[2]}.mjs`);

// AWS's or OAuth's code, where the library passes it on.
const nameOf = (error) =>
  error.error ?? (error.name === 'Error' ? (error.code ?? error.constructor.name) : error.name);

for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...args] = JSON.parse(line);
  let answer;
  try {
    answer = { value: (await calls[name](...args)) ?? null };
  } catch (error) {
    answer = { error: { ...error, name: nameOf(error), message: error.message } };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
