import { chart } from "./chart.js";
import { byId, kindById, make, severities, timeOf } from "./dom.js";

// One device's page.

/** @import { AlarmView, Detail } from "../wire.ts" */

/** What a device can be told, and what that does. */
const commands = [
  ["mute", "Stop listening until it is unmuted"],
  ["unmute", "Listen again"],
  ["start", "Listen again after a stop"],
  ["stop", "Stop listening until it is started, over restarts, too"],
  ["restart-session", "Begin a new recognition session"],
  ["self-test", "Test microphone, network and service"],
  ["report", "Send a report about itself"],
  ["log-level", "Log more, or less"],
  ["say", "Say a text aloud"],
];

const dialog = kindById("confirm", HTMLDialogElement);

export class DeviceView {
  #place = byId("device");
  /** @type {EventSource | null} */
  #source = null;
  /** @type {string} */
  #key = "";
  #allowCommands = false;
  /** @type {Map<string, { readonly text: string, readonly box: HTMLElement }>} */
  #parts = new Map();
  /** @type {Detail | null} What was last told of it. */
  #detail = null;
  /** @type {Map<string, string>} Commands sent from this page: id → name. */
  #sent = new Map();

  /** @param {boolean} allowed */
  set allowCommands(allowed) {
    this.#allowCommands = allowed;
  }

  /** @param {string} key */
  open(key) {
    this.close();
    this.#key = key;
    this.#parts.clear();
    this.#sent.clear();
    this.#place.replaceChildren(make("p", { class: "quiet" }, "Loading…"));
    this.#source = new EventSource(`${this.#path()}/stream`);
    this.#source.addEventListener("message", ({ data }) => this.#show(JSON.parse(data)));
    this.#source.addEventListener("error", () => {
      if (this.#source?.readyState === EventSource.CLOSED) this.#show(null);
    });
  }

  close() {
    this.#source?.close();
    this.#source = null;
  }

  #path() {
    return `/api/device/${this.#key.split("/").map(encodeURIComponent).join("/")}`;
  }

  /** @param {Detail | null} detail null: there is no such device */
  #show(detail) {
    if (detail === null) {
      this.#parts.clear();
      this.#place.replaceChildren(backLink(), make("p", {}, "There is no such device, or not any more."));
      return;
    }
    this.#detail = detail;
    if (this.#parts.size === 0) this.#place.replaceChildren(backLink());
    const {
      d,
      f,
      phase,
      since,
      reason,
      alarms,
      chart: curves,
      spoken,
      outcomes,
      history,
      events,
      info,
      metrics,
    } = detail;
    this.#part("title", [d, f], () => heading(detail));
    this.#part("phase", [phase, since, reason], () => phaseLine(detail));
    this.#part("alarms", alarms, () => section("Alarms", alarmList(alarms)));
    this.#part("charts", curves, () => section("Last hour", charts(detail)));
    this.#part("spoken", spoken, () => section("Transcripts", spokenList(detail)));
    const isAway = phase === "offline" || phase === "unknown";
    const sent = [...this.#sent.keys()];
    this.#part("commands", [outcomes, sent, this.#allowCommands, isAway, info["capabilities"]], () =>
      section("Commands", this.#commands(detail)),
    );
    this.#part("history", history, () => section("History", happenings(history)));
    this.#part("events", events, () => section("Events", happenings(events)));
    this.#part("about", [info, metrics], () => section("About", about(detail)));
  }

  /**
   * Puts a part of the page there, or in the place of what it was, if it is another now: what stays the same keeps
   * its focus and its selection, and is not read out again.
   * @param {string} name
   * @param {unknown} content what the part is made of
   * @param {() => HTMLElement} build
   */
  #part(name, content, build) {
    const text = JSON.stringify(content);
    const before = this.#parts.get(name);
    if (before?.text === text) return;
    const focused = document.activeElement?.id ?? "";
    const box = build();
    if (before === undefined) this.#place.append(box);
    else before.box.replaceWith(box);
    this.#parts.set(name, { text, box });
    if (focused !== "" && document.activeElement?.id !== focused) document.getElementById(focused)?.focus();
  }

  /** @param {Detail} detail */
  #commands(detail) {
    const outcomes = make(
      "ul",
      { class: "outcomes", "aria-live": "polite" },
      ...detail.outcomes.toReversed().map(({ id, name, status, reason, result, atMs }) => {
        const mine = this.#sent.has(id) ? "" : " (sent elsewhere)";
        const words = [`${name}: ${status}${mine}`, reason, result].filter((part) => part !== "").join(" · ");
        return make("li", { class: `outcome-${status}` }, make("time", {}, timeOf(atMs)), " ", words);
      }),
      ...[...this.#sent]
        .filter(([id]) => !detail.outcomes.some((outcome) => outcome.id === id))
        .map(([, name]) => make("li", {}, `${name}: sent, no answer yet`)),
    );
    if (!this.#allowCommands) {
      return make("div", {}, make("p", { class: "quiet" }, "This console only looks (no --allow-commands)."), outcomes);
    }
    const buttons = commands.map(([name = "", title = ""]) => {
      const button = make("button", { type: "button", id: `command-${name}`, title }, name);
      // Devices tell which commands they take; one that tells of none is asked all the same.
      const taken = (detail.info["capabilities"] ?? "").split(", ").filter((each) => each.startsWith("command:"));
      button.disabled = taken.length > 0 && !taken.includes(`command:${name}`);
      button.addEventListener("click", () => this.#ask(detail, name, title));
      return button;
    });
    return make("div", {}, make("div", { class: "buttons" }, ...buttons), outcomes);
  }

  /** @param {Detail} detail @param {string} name @param {string} title */
  #ask(detail, name, title) {
    const form = make("form", { method: "dialog" });
    const extra = argumentField(name);
    const trouble = make("p", { role: "alert" });
    const send = make("button", { type: "submit", class: "main", id: "confirm-send" }, `Send ${name}`);
    const cancel = make("button", { type: "button", id: "confirm-cancel" }, "Cancel");
    const isAway = detail.phase === "offline" || detail.phase === "unknown";
    const away = isAway
      ? "It is not online: the command expires after a minute."
      : "It expires after a minute if it is not heard.";
    form.append(
      make("h2", { id: "confirm-title" }, `${title}?`),
      make("p", {}, `Sends "${name}" to ${detail.d}. ${away}`),
      ...(extra === null ? [] : [make("label", {}, extra.label, extra.input)]),
      trouble,
      make("div", { class: "buttons" }, send, cancel),
    );
    cancel.addEventListener("click", () => dialog.close());
    const work = async () => {
      send.disabled = true;
      const said = await this.#send(name, extra === null ? {} : { [extra.name]: extra.input.value });
      send.disabled = false;
      trouble.textContent = said;
      if (said !== "") return;
      dialog.close();
      byId("say").textContent = `${name} was sent to ${detail.d}`;
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void work();
    });
    dialog.replaceChildren(form);
    dialog.showModal();
    (extra?.input ?? cancel).focus();
  }

  /**
   * @param {string} name
   * @param {Readonly<Record<string, string>>} args
   * @returns {Promise<string>} what is wrong; empty: it was sent
   */
  async #send(name, args) {
    const answer = await fetch(`${this.#path()}/command`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ name, args }),
    }).catch(() => null);
    const body = await answer?.json().catch(() => null);
    if (answer?.ok !== true) return String(body?.error ?? "The console does not answer.");
    this.#sent.set(String(body?.id), name);
    this.#show(this.#detail);
    return "";
  }
}

/** @param {string} name */
function argumentField(name) {
  if (name === "say")
    return { name: "text", label: "Text ", input: make("input", { type: "text", maxlength: "500", required: "" }) };
  if (name !== "log-level") return null;
  const options = ["debug", "info", "warn", "error"].map((level) => make("option", { value: level }, level));
  return { name: "level", label: "Level ", input: make("select", {}, ...options) };
}

function backLink() {
  return make("p", {}, make("a", { href: "#/", id: "back" }, "← All devices"));
}

/** @param {Detail} detail */
function heading({ d, f }) {
  return make("div", {}, make("h2", { id: "device-title" }, d), make("p", { class: "quiet" }, `fleet ${f}`));
}

/** @param {Detail} detail */
function phaseLine({ phase, since, reason }) {
  const from = since === 0 ? "" : ` since ${timeOf(since)}`;
  const words = `${from}${reason === "" ? "" : `: ${reason}`}`;
  return make("p", { class: `phase-${phase}`, role: "status" }, make("strong", {}, phase), words);
}

/** @param {string} title @param {Node} content */
function section(title, content) {
  return make("section", {}, make("h3", {}, title), content);
}

/** @param {readonly AlarmView[]} alarms */
function alarmList(alarms) {
  const active = alarms.filter(({ status }) => status === "active");
  if (active.length === 0) return make("p", { class: "quiet" }, "None.");
  return make(
    "ul",
    { class: "alarm-list" },
    ...active.map((alarm) => {
      const times = alarm.count === 1 ? "once" : `${alarm.count} times`;
      const flapping = alarm.flapping ? ", comes and goes" : "";
      const facts = `${times} since ${timeOf(Date.parse(alarm.first))}${flapping}${alarm.traceId === null ? "" : ` · trace ${alarm.traceId}`}`;
      return make(
        "li",
        { class: `sev-${severities.indexOf(alarm.severity)}` },
        make("strong", {}, `${alarm.severity}: ${alarm.type} ${alarm.code}`),
        make("p", {}, alarm.message),
        make("p", { class: "hint" }, alarm.hint),
        make("p", { class: "quiet" }, facts),
      );
    }),
  );
}

/** @param {Detail} detail */
function charts({ chart: { levelDbfs, backlogMs, latencyP50Ms, latencyP99Ms, lostMs } }) {
  const seconds = (/** @type {readonly (number | null)[]} */ values) =>
    values.map((value) => (value === null ? null : value / 1000));
  return make(
    "div",
    { class: "charts" },
    chart("Level", "dBFS", [levelDbfs], { low: null }),
    chart("Backlog", "s", [seconds(backlogMs)], { low: 0 }),
    chart("Latency p99 (and p50)", "ms", [latencyP99Ms, latencyP50Ms], { low: 0 }),
    chart("Lost in a minute", "s", [seconds(lostMs)], { low: 0 }),
  );
}

/** @param {Detail} detail */
function spokenList({ spoken }) {
  if (spoken.length === 0)
    return make("p", { class: "quiet" }, "None: the device publishes none, or nothing was said.");
  const lines = spoken.map(({ start, text, final }) => {
    const said = make("span", final ? {} : { class: "quiet" }, text);
    return make("li", {}, make("time", {}, timeOf(Date.parse(start))), " ", said);
  });
  return make("ol", { class: "spoken", "aria-live": "polite" }, ...lines.toReversed());
}

/** @param {Detail["history"]} list */
function happenings(list) {
  if (list.length === 0) return make("p", { class: "quiet" }, "Nothing yet.");
  return make(
    "ol",
    { class: "happenings" },
    ...list.toReversed().map(({ atMs, kind, text }) => {
      const words = kind === "raised" || kind === "cleared" ? `${kind}: ${text}` : text;
      return make("li", { class: `kind-${kind}` }, make("time", {}, timeOf(atMs)), " ", words);
    }),
  );
}

/** @param {Detail} detail */
function about({ info, metrics }) {
  const list = make("dl", {});
  for (const [name, value] of Object.entries(info))
    list.append(make("dt", {}, name.replaceAll("_", " ")), make("dd", {}, value));
  const numbers = [
    ["CPU", metrics?.cpuPercent ?? null, "%"],
    ["memory", megabytes(metrics?.rssBytes ?? null), "MB"],
    ["temperature", metrics?.temperatureC ?? null, "°C"],
  ];
  for (const [name, value, unit] of numbers) {
    if (value !== null) list.append(make("dt", {}, String(name)), make("dd", {}, `${value} ${unit}`));
  }
  return list;
}

/** @param {number | null} bytes */
function megabytes(bytes) {
  return bytes === null ? null : Math.round(bytes / 1e6);
}
