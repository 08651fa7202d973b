import assert from "node:assert/strict";
import { test } from "node:test";
import { type Clock, systemClock } from "../../src/base/clock.ts";
import { seededRandom } from "../../src/base/random.ts";
import { startFeed } from "../../src/console/feed.ts";
import { quickTimings } from "./lab/fleet.ts";
import { mosquittoMissing, startMosquitto } from "./lab/mosquitto.ts";
import { alarmOf, startVoices, stateOf } from "./lab/voices.ts";

/** The machine's, but ten minutes are soon over. */
const hastyClock: Clock = {
  ...systemClock,
  after: (delayMs, action) => systemClock.after(delayMs >= 600_000 ? 50 : delayMs, action),
};

test("what is retained is heard whole, and asked for again later: what a broker dropped is heard then", {
  skip: mosquittoMissing,
}, async () => {
  await using broker = await startMosquitto();
  await using voices = await startVoices(broker.url);
  await voices.say("a", "state", stateOf("streaming"));
  await voices.say("a", "alarm/service", alarmOf());
  const heard: string[] = [];
  const again = Promise.withResolvers<void>();
  const feed = startFeed(
    {
      access: { url: broker.url, protocol: 5 },
      clientId: "console-test",
      clock: hastyClock,
      random: seededRandom("feed"),
      timings: quickTimings,
    },
    {
      snapshotBegins: () => heard.push("begins"),
      snapshotEnds: () => heard.push("ends"),
      received(topic) {
        heard.push(topic.split("/").slice(5).join("/"));
        if (heard.slice(heard.indexOf("ends")).includes("state") && heard.includes("ends")) again.resolve();
      },
      lost: (fault) => again.reject(fault),
    },
  );
  await again.promise;
  await feed.stop();
  const first = heard.slice(0, heard.indexOf("ends"));
  assert.deepEqual([first[0], first.includes("state"), first.includes("alarm/service")], ["begins", true, true]);
  assert.equal(
    heard.filter((each) => each === "ends").length,
    1,
    "what was there before is not taken back a second time",
  );
});
