import assert from "node:assert/strict";
import { chmod, open, readFile } from "node:fs/promises";
import { test } from "node:test";
import { serviceManagerOf } from "../../src/host/service-manager.ts";
import { Folder } from "../cli/process.ts";

function logger(warnings: string[] = []) {
  return { debug() {}, info() {}, error() {}, warn: (message: string) => void warnings.push(message) };
}

/** A systemd-notify that notes what it is told, a line a call. */
async function withNotify(script: string) {
  const folder = await Folder.with({ "systemd-notify": `#!/bin/sh\n${script}\n` });
  await chmod(folder.of("systemd-notify"), 0o755);
  const path = process.env["PATH"];
  process.env["PATH"] = `${folder.path}:${path}`;
  process.env["TOLD"] = folder.of("told");
  return {
    program: folder.of("systemd-notify"),
    told: async () => (await readFile(folder.of("told"), "utf8")).trimEnd().split("\n"),
    async [Symbol.asyncDispose]() {
      process.env["PATH"] = path;
      delete process.env["TOLD"];
      await folder[Symbol.asyncDispose]();
    },
  };
}

test("nobody listens: no manager", () => {
  assert.equal(serviceManagerOf({}, 1, logger()), null);
  assert.equal(serviceManagerOf({ NOTIFY_SOCKET: "" }, 1, logger()), null);
});

test("a watchdog counts that is meant for this process", () => {
  const watchdog = (environment: Record<string, string>) =>
    serviceManagerOf({ NOTIFY_SOCKET: "/run/x", ...environment }, 7, logger())?.watchdogMs;
  assert.equal(watchdog({}), null);
  assert.equal(watchdog({ WATCHDOG_USEC: "60000000" }), 60_000);
  assert.equal(watchdog({ WATCHDOG_USEC: "60000000", WATCHDOG_PID: "7" }), 60_000);
  assert.equal(watchdog({ WATCHDOG_USEC: "60000000", WATCHDOG_PID: "8" }), null);
  assert.equal(watchdog({ WATCHDOG_USEC: "0" }), null);
  assert.equal(watchdog({ WATCHDOG_USEC: "no" }), null);
});

test("news that come while systemd is told go with the next call, the latest of each name", async () => {
  await using notify = await withNotify('printf "%s|" "$@" >>"$TOLD"; echo >>"$TOLD"; sleep 0.1');
  const manager = serviceManagerOf({ NOTIFY_SOCKET: "/run/x" }, 1, logger());
  assert.ok(manager);
  void manager.tell({ STATUS: "one; $(reboot)" });
  void manager.tell({ STATUS: "two" });
  void manager.tell({ READY: "1" });
  await manager.tell({ STATUS: "three", WATCHDOG: "1" });
  assert.deepEqual(await notify.told(), ["STATUS=one; $(reboot)|", "STATUS=three|READY=1|WATCHDOG=1|"]);
});

test("a systemd that cannot be told is complained of once, and harms nothing", async () => {
  await using _notify = await withNotify("echo 'Failed to notify init system' >&2; exit 1");
  const warnings: string[] = [];
  const manager = serviceManagerOf({ NOTIFY_SOCKET: "/run/x" }, 1, logger(warnings));
  await manager?.tell({ READY: "1" });
  await manager?.tell({ READY: "1" });
  assert.equal(warnings.length, 1);
});

test("a systemd-notify that cannot even be started is complained of, too, and its news goes with the next", async () => {
  await using notify = await withNotify('echo "$@" >>"$TOLD"');
  const warnings: string[] = [];
  const manager = serviceManagerOf({ NOTIFY_SOCKET: "/run/x" }, 1, logger(warnings));
  // What is open for writing cannot be run (ETXTBSY): of all errors but a few, spawn throws.
  const busy = await open(notify.program, "r+");
  await manager?.tell({ READY: "1" });
  await busy.close();
  await manager?.tell({ STATUS: "well" });
  assert.match(warnings.join(), /^[^,]+$/);
  assert.deepEqual(await notify.told(), ["READY=1 STATUS=well"]);
});
