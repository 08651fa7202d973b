import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { test } from "node:test";
import { instantOf } from "../../src/base/clock.ts";
import { watchFleet } from "../../src/cli/fleet-watch.ts";
import { rowsOf } from "../../src/console/wire.ts";
import { alarmOf, newModel, stateOf } from "../console/samples.ts";
import { ManualClock } from "../lab/manual-clock.ts";

/** A terminal of 10 rows, 40 columns. */
class Terminal extends Writable {
  readonly isTTY = true;
  readonly rows = 10;
  readonly columns = 40;
  text = "";
  readonly #first = Promise.withResolvers<void>();
  /** Resolves when the first of it is written. */
  readonly written = this.#first.promise;

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += chunk.toString();
    this.#first.resolve();
    done();
  }
}

function watched() {
  const clock = new ManualClock();
  const { model, say } = newModel();
  const broker = { connected: true, complete: true, trouble: "" };
  const view = {
    model,
    glance: () => ({ ...model.overview(), broker, mostDevices: 10, allowCommands: false, nowMs: clock.wallMs() }),
    rows: () => rowsOf(model),
  };
  return { clock, model, say, view };
}

test("on a terminal the table is drawn in place, within its size, and the terminal is left as it was", async () => {
  const { clock, say, view } = watched();
  for (let index = 0; index < 30; index += 1) say(`kiosk-${index}`, "state", stateOf("streaming"));
  const terminal = new Terminal();
  const stop = new AbortController();
  const watching = watchFleet(view, terminal, { env: {}, clock, stop: stop.signal });
  say("kiosk-21", "alarm/capture", alarmOf({ severity: "critical", code: "device-lost" }));
  terminal.text = "";
  clock.advance(1_000);
  // The frame is drawn once the pause has resolved.
  await new Promise((resolve) => setImmediate(resolve));
  const [home = "", ...lines] = terminal.text.split("\n");
  assert.ok(home.startsWith("\u001b[H30 devices"), JSON.stringify(home));
  assert.match(lines[1] ?? "", /^kiosk-21 +streaming +critical/);
  assert.ok(lines.length <= 10);
  // oxlint-disable-next-line no-control-regex -- escape sequences take no room
  for (const line of lines) assert.ok(line.replaceAll(/\u001b\[[\d;?]*[A-Za-z]/g, "").length <= 40, line);
  stop.abort();
  await watching;
  assert.ok(terminal.text.endsWith("\u001b[?25h\u001b[?1049l"));
});

test("a dumb terminal gets lines, and what a device says cannot drive it", async () => {
  const { clock, model, say, view } = watched();
  for (let index = 0; index < 20; index += 1) {
    say(`kiosk-${index}`, "state", stateOf("streaming"));
    say(`kiosk-${index}`, "alarm/service", alarmOf({ code: "\u001b[2Jx\nkiosk-99: streaming" }));
  }
  model.tick(instantOf(clock));
  const terminal = new Terminal();
  const stop = new AbortController();
  const watching = watchFleet(view, terminal, { env: { TERM: "dumb" }, clock, stop: stop.signal });
  say("kiosk-7", "state", stateOf("held"));
  await terminal.written;
  assert.match(terminal.text, /^20 devices: .*\n! .*problem: 20 devices, .*\n/);
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  assert.doesNotMatch(terminal.text, /[\u0000-\u0009\u000b-\u001f]|^kiosk-99/m);
  stop.abort();
  await watching;
});

test("lines that nobody reads any more are the end of it; a reader that stands still does not hold up the end", async () => {
  const { clock, view } = watched();
  const never = new AbortController();
  const closed = new Writable({ write: (_, __, done) => done(new Error("EPIPE")) });
  closed.on("error", () => {});
  await watchFleet(view, closed, { env: {}, clock, stop: never.signal });
  assert.equal(process.exitCode, 1);
  process.exitCode = undefined;

  const stop = new AbortController();
  const still = new Writable({ write() {} });
  const watching = watchFleet(view, still, { env: {}, clock, stop: stop.signal });
  stop.abort();
  await watching;
});
