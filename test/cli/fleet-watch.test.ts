import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { test } from "node:test";
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

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

test("on a terminal the table is drawn in place, within its size, and the terminal is left as it was", async () => {
  const clock = new ManualClock();
  const { model, say } = newModel();
  const broker = { connected: true, complete: true, trouble: "" };
  const view = {
    model,
    glance: () => ({ ...model.overview(), broker, mostDevices: 10, allowCommands: false, nowMs: clock.wallMs() }),
    rows: () => rowsOf(model),
  };
  for (let index = 0; index < 30; index += 1) say(`kiosk-${index}`, "state", stateOf("streaming"));
  const terminal = new Terminal();
  const stop = new AbortController();
  const watching = watchFleet(view, terminal, clock, stop.signal);
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
