// Calls a client library on behalf of a test: one JSON line in, `[name, ...arguments]`; one out, `{value}` or `{error}`.
import { createInterface } from 'node:readline';

const { calls } = await import(`./${process.argv[2]}.mjs`);

const plainError = (error) => ({
  ...error,
  name: error.name !== 'Error' ? error.name : (error.code ?? error.constructor.name),
  message: error.message,
});

for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...args] = JSON.parse(line);
  let answer;
  try {
    answer = { value: (await calls[name](...args)) ?? null };
  } catch (error) {
    answer = { error: plainError(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
