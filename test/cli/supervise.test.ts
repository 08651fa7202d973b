import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { Agent, Outcome } from "../../src/agent.ts";
import { supervise } from "../../src/cli/supervise.ts";
import { ManualClock } from "../lab/manual-clock.ts";

const logger = { debug() {}, info() {}, warn() {}, error() {} };

for (const atTerminal of [true, false])
  test(`a hang-up ${atTerminal ? "of the terminal that the agent was started at ends it" : "asks a service to read its secrets again"}`, async () => {
    const signals = new EventEmitter();
    const reasons: string[] = [];
    let reloads = 0;
    const finished = Promise.withResolvers<Outcome>();
    const agent: Agent = {
      finished: finished.promise,
      say: () => assert.fail(),
      backlogMs: () => 0,
      renew() {},
      async stop(reason) {
        reasons.push(reason);
        finished.resolve({ fault: null });
        return { fault: null };
      },
    };
    const onHangUp = atTerminal
      ? null
      : async () => {
          reloads += 1;
        };
    const clock = new ManualClock();
    const ended = supervise(async () => agent, logger, clock, signals, { onStop() {}, onHangUp });
    signals.emit("SIGHUP", "SIGHUP");
    await setImmediate();
    assert.deepEqual([reasons, reloads], atTerminal ? [["signal SIGHUP"], 0] : [[], 1]);
    if (!atTerminal) signals.emit("SIGTERM", "SIGTERM");
    assert.equal(await ended, 0);
    assert.equal(clock.pending, 0);
  });
