/** Times are noted this far apart at least, and so many of them: two minutes. */
const apartMs = 500;
const mostMarks = 240;

/** When which part of a session's sound was sent: tells how late an answer to it is. */
export class SendTimes {
  #marks: { readonly sentMs: number; readonly atMs: number }[] = [];

  /** At `nowMs` the session has been sent this much sound, ms. */
  note(sentMs: number, nowMs: number): void {
    const last = this.#marks[this.#marks.length - 1];
    if (last !== undefined && nowMs - last.atMs < apartMs) return;
    this.#marks.push({ sentMs, atMs: nowMs });
    if (this.#marks.length > mostMarks) this.#marks.shift();
  }

  /** A session begins: nothing of it has been sent. */
  clear(): void {
    this.#marks = [];
  }

  /** How long ago the session's sound before `sentMs` was sent, ms; 0 where it was not, or just now. At most two minutes. */
  ageMs(sentMs: number, nowMs: number): number {
    const mark = this.#marks.find((each) => each.sentMs >= sentMs);
    return mark === undefined ? 0 : nowMs - mark.atMs;
  }
}
