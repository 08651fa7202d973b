import { byId, duration, hrefOf, setText, severities } from "./dom.js";

// The list of devices: only the rows that can be seen exist, so that it scrolls as smoothly with 10,000 as with 10.

/** @import { Row } from "../wire.ts" */

/** As in style.css. */
const rowHeight = 44;
const spare = 6;

/** @typedef {{ readonly box: HTMLElement, readonly name: HTMLElement, readonly phase: HTMLElement, readonly age: HTMLElement, readonly alarms: HTMLElement, place: number }} Line */

export class DeviceList {
  #list = byId("list");
  #spacer = document.createElement("div");
  /** @type {Line[]} */
  #lines = [];
  /** @type {readonly Row[]} */
  #rows = [];
  /** @type {string | null} Which row has the focus. */
  #current = null;
  #isAsked = false;

  constructor() {
    this.#spacer.className = "spacer";
    this.#list.append(this.#spacer);
    this.#list.addEventListener("scroll", () => this.#ask(), { passive: true });
    new ResizeObserver(() => this.#ask()).observe(this.#list);
    this.#list.addEventListener("keydown", (event) => this.#onKey(event));
    this.#list.addEventListener("click", (event) => {
      const target = event.target instanceof Element ? event.target.closest("[data-place]") : null;
      const row = this.#rows[Number(target?.getAttribute("data-place") ?? -1)];
      if (row !== undefined) this.#open(row);
    });
  }

  /** @param {readonly Row[]} rows in their order */
  show(rows) {
    this.#rows = rows;
    this.#spacer.style.height = `${rows.length * rowHeight}px`;
    this.#ask();
  }

  refresh() {
    this.#ask();
  }

  focus() {
    this.#list.focus();
  }

  #ask() {
    if (this.#isAsked) return;
    this.#isAsked = true;
    requestAnimationFrame(() => {
      this.#isAsked = false;
      this.#draw();
    });
  }

  #draw() {
    const first = Math.max(0, Math.floor(this.#list.scrollTop / rowHeight) - spare);
    const count = Math.min(this.#rows.length - first, Math.ceil(this.#list.clientHeight / rowHeight) + 2 * spare);
    while (this.#lines.length < count) this.#lines.push(this.#newLine());
    const nowMs = Date.now();
    for (const [index, line] of this.#lines.entries()) {
      const row = index < count ? this.#rows[first + index] : undefined;
      line.box.hidden = row === undefined;
      if (row !== undefined) this.#fill(line, row, first + index, nowMs);
    }
  }

  /** @param {Line} line @param {Row} row @param {number} place @param {number} nowMs */
  #fill(line, row, place, nowMs) {
    const { box } = line;
    if (line.place !== place) {
      line.place = place;
      box.style.transform = `translateY(${place * rowHeight}px)`;
      box.setAttribute("data-place", String(place));
      box.setAttribute("aria-posinset", String(place + 1));
      box.id = `row-${place}`;
    }
    box.setAttribute("aria-setsize", String(this.#rows.length));
    const isCurrent = row.k === this.#current;
    box.setAttribute("aria-selected", String(isCurrent));
    if (isCurrent) this.#list.setAttribute("aria-activedescendant", box.id);
    const kind = `row sev-${row.sev} phase-${row.phase}`;
    if (box.className !== kind) box.className = kind;
    setText(line.name, row.f === "default" ? row.d : `${row.d} · ${row.f}`);
    setText(line.phase, row.phase);
    setText(line.age, row.since === 0 ? "" : duration(nowMs - row.since));
    const alarms = row.al.map(([type, code]) => `${type} ${code}`).join(", ");
    setText(line.alarms, alarms === "" ? "" : `${severities[row.sev] ?? ""}: ${alarms}`);
  }

  /** @returns {Line} */
  #newLine() {
    const cell = (/** @type {string} */ name) => {
      const element = document.createElement("span");
      element.className = name;
      return element;
    };
    const line = {
      box: document.createElement("div"),
      name: cell("name"),
      phase: cell("phase"),
      age: cell("age"),
      alarms: cell("alarms"),
      place: -1,
    };
    line.box.setAttribute("role", "option");
    line.box.append(line.name, line.phase, line.age, line.alarms);
    this.#list.append(line.box);
    return line;
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const page = Math.max(1, Math.floor(this.#list.clientHeight / rowHeight) - 1);
    const at = this.#rows.findIndex(({ k }) => k === this.#current);
    const row = this.#rows[at];
    if (event.key === "Enter" && row !== undefined) return this.#open(row);
    /** @type {Readonly<Record<string, number>>} */
    const steps = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: this.#rows.length - 1,
    };
    const to = steps[event.key];
    if (to === undefined || this.#rows.length === 0) return undefined;
    event.preventDefault();
    const place = Math.min(Math.max(to, 0), this.#rows.length - 1);
    this.#current = this.#rows[place]?.k ?? null;
    const [top, bottom] = [place * rowHeight, (place + 1) * rowHeight];
    if (top < this.#list.scrollTop) this.#list.scrollTop = top;
    else if (bottom > this.#list.scrollTop + this.#list.clientHeight)
      this.#list.scrollTop = bottom - this.#list.clientHeight;
    this.#draw();
    return undefined;
  }

  /** @param {Row} row */
  #open(row) {
    this.#current = row.k;
    location.hash = hrefOf(row.k);
  }
}
