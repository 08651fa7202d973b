import assert from "node:assert/strict";
import { test } from "node:test";
import { serviceListeners } from "../../src/cli/service.ts";
import type { CaptureNews } from "../../src/host/capture-watch.ts";

test("a muted microphone is no reason for the service manager to restart the agent", () => {
  const news: CaptureNews[] = [];
  const { onCapture } = serviceListeners({
    capture: (each) => void news.push(each),
    sessionStands() {},
    phase() {},
    alarm() {},
    whileReloading: async (work) => work(),
    stopping() {},
    [Symbol.dispose]() {},
  });
  onCapture({ type: "muted", muted: true, by: "mute" });
  onCapture({ type: "muted", muted: false });
  onCapture({ type: "audio", samples: new Int16Array(1) });
  assert.deepEqual(news, [{ type: "over" }, { type: "sound" }]);
});
