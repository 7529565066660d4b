// One kept connection to the Runtime API, over which the process sleeps until there is an event.
"use strict";
const fs = require("node:fs");
const net = require("node:net");

const END = "\r\n\r\n";
const LARGE = 1 << 20;

/** What arrives, parsed: the answers to our requests, one after the other. */
class Answers {
  constructor() {
    this.buffer = Buffer.allocUnsafe(65536);
    this.start = 0;
    this.end = 0;
  }

  /** Room for at least `size` more bytes at `end`. */
  makeRoom(size) {
    const { buffer, start, end } = this;
    if (buffer.length - end >= size) return;
    const length = Math.max(65536, 2 * (end - start) + size);
    this.buffer = length > buffer.length || buffer.length > LARGE ? Buffer.allocUnsafe(length) : buffer;
    buffer.copy(this.buffer, 0, start, end);
    this.start = 0;
    this.end = end - start;
  }

  add(chunk) {
    this.makeRoom(chunk.length);
    chunk.copy(this.buffer, this.end);
    this.end += chunk.length;
  }

  /** The next answer that is whole: { status, headers, body }, or undefined. */
  take() {
    const { buffer, start, end } = this;
    const at = buffer.subarray(start, end).indexOf(END);
    if (at < 0) return undefined;
    const [first, ...lines] = buffer.latin1Slice(start, start + at).split("\r\n");
    const headers = {};
    for (const line of lines) {
      const colon = line.indexOf(":");
      headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    const from = start + at + END.length;
    const to = from + Number(headers["content-length"] ?? 0);
    if (to > end) {
      this.makeRoom(to - end);
      return undefined;
    }
    this.start = to;
    if (to === end) this.start = this.end = 0;
    return { status: Number(first.split(" ", 2)[1]), headers, body: buffer.utf8Slice(from, to) };
  }
}

/** Requests go out whole and at once; `event` gives the next event when there is one. */
class Connection {
  /** Connect to `host:port`. A `debugged` process must not sleep: its inspector would sleep as well. */
  static open(address, debugged) {
    const [host, port] = address.split(":");
    return new Promise((resolve) => {
      const socket = net.connect({ host, port: Number(port), noDelay: true });
      socket.pause();
      socket.once("error", () => process.exit(0));
      socket.once("connect", () => {
        const handle = socket._handle;
        const sleeps = !debugged && handle?.fd > 2 && typeof handle.setBlocking === "function";
        resolve(sleeps ? new SleepingConnection(socket) : new WakefulConnection(socket));
      });
    });
  }

  constructor(socket) {
    this.socket = socket;
    this.answers = new Answers();
    this.waiting = false; // for an event
  }

  /** The next event among the answers that have arrived. */
  taken() {
    for (let answer; (answer = this.answers.take()); ) {
      if (answer.headers["lambda-runtime-aws-request-id"]) return answer;
      if (answer.status === 400 || answer.status === 403) {
        process.stderr.write(`the Runtime API answered ${answer.status}: ${answer.body}\n`);
        process.exit(1);
      }
    }
    return undefined;
  }
}

/** Plain blocking calls: nothing of the process runs between two events, and there is nothing quicker. */
class SleepingConnection extends Connection {
  constructor(socket) {
    super(socket);
    this.fd = socket._handle.fd;
    socket._handle.setBlocking(true);
    socket.unref(); // the event loop is empty when the handler's work is done
  }

  send(text) {
    this.waiting = true;
    try {
      let written = fs.writeSync(this.fd, text);
      if (written < text.length || written < Buffer.byteLength(text)) {
        const rest = Buffer.from(text);
        while (written < rest.length) written += fs.writeSync(this.fd, rest, written);
      }
    } catch {
      process.exit(0); // the emulator has gone
    }
  }

  event() {
    for (;;) {
      const event = this.taken();
      if (event) {
        this.waiting = false;
        return event;
      }
      this.receive();
    }
  }

  receive() {
    const { answers } = this;
    answers.makeRoom(1);
    let count = 0;
    try {
      count = fs.readSync(this.fd, answers.buffer, answers.end, answers.buffer.length - answers.end, null);
    } catch {
      // reset: the emulator has gone
    }
    if (count === 0) process.exit(0);
    answers.end += count;
  }

  /** Send the last thing that there is to say, and see that it is heard. */
  last(text, then) {
    this.send(text);
    while (!this.answers.take()) this.receive();
    then();
  }
}

/** The same on the event loop. */
class WakefulConnection extends Connection {
  constructor(socket) {
    super(socket);
    this.arrived = () => {};
    socket.on("data", (chunk) => {
      this.answers.add(chunk);
      this.arrived();
    });
    socket.on("close", () => process.exit(0));
    socket.resume();
  }

  send(text) {
    this.waiting = true;
    this.socket.write(text);
  }

  async event() {
    this.socket.ref();
    for (;;) {
      const event = this.taken();
      if (event) {
        this.waiting = false;
        this.socket.unref();
        return event;
      }
      await new Promise((resolve) => (this.arrived = resolve));
    }
  }

  last(text, then) {
    this.socket.ref();
    this.arrived = then;
    this.socket.write(text);
  }
}

module.exports = { Connection };
