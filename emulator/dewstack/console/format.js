// Numbers and times as people read them. Every number is the API's own, rounded for the eye only.

const whole = new Intl.NumberFormat("en");
const clock = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat([], { year: "numeric", month: "short", day: "numeric" });

/** 12,345; a dash for nothing. */
export const count = (value) => (value === null || value === undefined ? "–" : whole.format(value));

/** Milliseconds: 0.31 ms, 12.4 ms, 840 ms, 1.24 s. */
export function ms(value) {
  if (value === null || value === undefined) return "–";
  if (value < 10) return `${value.toFixed(2)} ms`;
  if (value < 100) return `${value.toFixed(1)} ms`;
  if (value < 1000) return `${value.toFixed(0)} ms`;
  return `${(value / 1000).toFixed(2)} s`;
}

/** US dollars, however few: $0.0000021. */
export function dollars(value) {
  if (value === null || value === undefined) return "–";
  if (value === 0) return "$0";
  if (value >= 1) return `$${value.toFixed(2)}`;
  return `$${value.toFixed(Math.min(12, 2 - Math.floor(Math.log10(value))))}`;
}

/** Bytes: 312 B, 4.1 KB. */
export function bytes(value) {
  if (value === null || value === undefined) return "–";
  if (value < 1024) return `${value} B`;
  return value < 1048576 ? `${(value / 1024).toFixed(1)} KB` : `${(value / 1048576).toFixed(1)} MB`;
}

/** 14:03:22.415, of seconds since the epoch. */
export function time(seconds, withMilliseconds = false) {
  const date = new Date(seconds * 1000);
  return withMilliseconds ? `${clock.format(date)}.${String(date.getMilliseconds()).padStart(3, "0")}` : clock.format(date);
}

/** The day as well, where it isn't today. */
export function moment(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  const date = new Date(seconds * 1000);
  return date.toDateString() === new Date().toDateString() ? time(seconds) : `${day.format(date)} ${time(seconds)}`;
}

/** Seconds since the epoch of a time as AWS's operations tell it: a number, or ISO 8601. */
export function seconds(told) {
  if (told === null || told === undefined) return null;
  return typeof told === "number" ? told : Date.parse(told) / 1000;
}

/** A span of seconds: 42 s, 5 min, 3 h, 2 days. */
export function span(seconds) {
  const size = Math.abs(seconds);
  if (size < 90) return `${Math.round(size)} s`;
  if (size < 5400) return `${Math.round(size / 60)} min`;
  if (size < 129600) return `${Math.round(size / 3600)} h`;
  return `${Math.round(size / 86400)} days`;
}

/** What a status means for the eye: good, warn (the client's mistake) or bad. */
export function kindOf(summary) {
  const status = summary.status;
  if (status !== null && status !== undefined) return status >= 500 ? "bad" : status >= 400 ? "warn" : "good";
  return summary.error ? "bad" : "good";
}
