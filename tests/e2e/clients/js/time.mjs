// Lets a library believe that it is that many seconds later.
const { now } = Date;

export function advance(seconds) {
  Date.now = () => now() + seconds * 1000;
}
