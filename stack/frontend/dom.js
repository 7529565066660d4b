// Making elements and writing times. Text goes into the page as text, never as markup.

/** A new element with properties and children (strings become text). */
export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** Seconds as a countdown: 59:07, 1:02:03 or 29 days. */
export function clock(seconds) {
  const whole = Math.floor(seconds);
  if (whole >= 172_800) return `${Math.floor(whole / 86_400)} days`;
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** A time in seconds since 1970 as the reader's own time of day. */
export function moment(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}
