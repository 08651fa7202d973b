import { byId, hrefOf, kindById, make, setText, timeOf } from "./dom.js";
import { DeviceList } from "./list.js";

// The fleet at a glance: counts, search, filters, the list, the news.

/** @import { Glance, Row } from "../wire.ts" */

const text = kindById("text", HTMLInputElement);
const badOnly = kindById("bad-only", HTMLInputElement);

export class FleetView {
  /** @type {Map<string, Row>} */
  #rows = new Map();
  /** @type {Set<string>} What is chosen among the chips: "phase:held", "alarm:service". */
  #chosen = new Set();
  #list = new DeviceList();
  /** @type {Map<string, HTMLButtonElement>} */
  #chips = new Map();
  #isStale = false;
  /** @type {string} */
  #newsShown = "";

  constructor() {
    text.addEventListener("input", () => this.#arrange());
    badOnly.addEventListener("change", () => this.#arrange());
    byId("search").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#list.focus();
    });
    // "for how long" goes on by itself.
    setInterval(() => this.#list.refresh(), 1_000);
  }

  clear() {
    this.#rows.clear();
    this.#arrangeSoon();
  }

  /** @param {readonly Row[]} rows @param {readonly string[]} gone */
  update(rows, gone) {
    for (const row of rows) this.#rows.set(row.k, row);
    for (const key of gone) this.#rows.delete(key);
    if (rows.length + gone.length > 0) this.#arrangeSoon();
  }

  /** @param {Glance} glance */
  glance(glance) {
    this.#showChips(byId("phases"), "phase", glance.phases);
    this.#showChips(byId("alarms"), "alarm", glance.alarms);
    this.#showOutages(glance);
    this.#showNews(glance);
    const { refused, mostDevices } = glance;
    const notes = [];
    if (refused["too-many-devices"] !== undefined)
      notes.push(`There are more than ${mostDevices} devices: the rest is not shown.`);
    const unused = Object.entries(refused)
      .filter(([, count]) => count > 0)
      .map(([reason, count]) => `${reason} ${count}`);
    if (unused.length > 0) notes.push(`Messages not used: ${unused.join(", ")}.`);
    if (!glance.allowCommands) notes.push("Read-only: commands need --allow-commands.");
    setText(byId("notes"), notes.join(" "));
  }

  focus() {
    this.#list.focus();
    this.#list.refresh();
  }

  #arrangeSoon() {
    if (this.#isStale) return;
    this.#isStale = true;
    setTimeout(() => {
      this.#isStale = false;
      this.#arrange();
    }, 100);
  }

  #arrange() {
    const words = text.value
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== "");
    const phases = new Set([...this.#chosen].filter((chip) => chip.startsWith("phase:")).map((chip) => chip.slice(6)));
    const alarms = new Set([...this.#chosen].filter((chip) => chip.startsWith("alarm:")).map((chip) => chip.slice(6)));
    const rows = [];
    for (const row of this.#rows.values()) {
      if (badOnly.checked && row.bad === 0) continue;
      if (phases.size > 0 && !phases.has(row.phase)) continue;
      if (alarms.size > 0 && !row.al.some(([type]) => alarms.has(type))) continue;
      if (words.length > 0 && !words.every((word) => textOf(row).includes(word))) continue;
      rows.push(row);
    }
    rows.sort((a, b) => b.bad - a.bad || (a.k < b.k ? -1 : 1));
    this.#list.show(rows);
    const all = this.#rows.size;
    setText(byId("count"), rows.length === all ? `${all} devices` : `${rows.length} of ${all} devices`);
    const empty = byId("empty");
    empty.hidden = rows.length > 0;
    setText(empty, all === 0 ? "No device has been heard of yet." : "No device is like that.");
  }

  /** @param {HTMLElement} place @param {string} kind @param {Readonly<Record<string, number>>} counts */
  #showChips(place, kind, counts) {
    for (const [name, count] of Object.entries(counts)) {
      const id = `${kind}:${name}`;
      let chip = this.#chips.get(id);
      if (chip === undefined) {
        chip = make("button", { type: "button", class: `chip ${kind}-${name}`, "aria-pressed": "false" });
        chip.addEventListener("click", () => this.#toggle(id));
        this.#chips.set(id, chip);
        place.append(chip);
      }
      setText(chip, `${name} ${count}`);
      chip.hidden = count === 0 && !this.#chosen.has(id);
    }
    for (const [id, chip] of this.#chips) {
      if (id.startsWith(`${kind}:`) && !(id.slice(kind.length + 1) in counts)) chip.hidden = !this.#chosen.has(id);
    }
  }

  /** @param {string} id */
  #toggle(id) {
    const isChosen = !this.#chosen.has(id);
    if (isChosen) this.#chosen.add(id);
    else this.#chosen.delete(id);
    this.#chips.get(id)?.setAttribute("aria-pressed", String(isChosen));
    this.#arrange();
  }

  /** @param {Glance} glance */
  #showOutages({ outages }) {
    const place = byId("outages");
    const lines = outages.map(({ text: words, sinceMs }) => `${words}, since ${timeOf(sinceMs)}`);
    if (place.textContent === lines.join("")) return;
    place.replaceChildren(...lines.map((line) => make("p", {}, line)));
  }

  /** @param {Glance} glance */
  #showNews({ news }) {
    const latest = news.slice(-30).toReversed();
    const shown = JSON.stringify(latest);
    if (shown === this.#newsShown) return;
    this.#newsShown = shown;
    byId("news").replaceChildren(
      ...latest.map(({ atMs, text: words, key }) => {
        const told = key === null ? make("strong", {}, words) : make("a", { href: hrefOf(key) }, words);
        return make("li", {}, make("time", {}, timeOf(atMs)), " ", told);
      }),
    );
  }
}

/** @param {Row} row */
function textOf({ k, phase, al, version }) {
  return `${k} ${phase} ${version} ${al.map(([type, code]) => `${type} ${code}`).join(" ")}`.toLowerCase();
}
