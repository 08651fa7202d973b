import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { Aedes } from "aedes";
import { systemClock } from "../../src/base/clock.ts";
import { seededRandom } from "../../src/base/random.ts";
import { startFleet } from "../../src/fleet/fleet.ts";
import { eventually } from "../system/lab/processes.ts";
import { deviceInfo, idle } from "./samples.ts";

const device = "sis/v1/lab/kiosk";

test("a command that comes while the goodbye is on its way is answered: the broker takes it for delivered", async () => {
  const broker = await Aedes.createBroker();
  const answered: string[] = [];
  /** It is on its way until this is called. */
  const goodbye = Promise.withResolvers<() => void>();
  broker.authorizePublish = (_client, { topic, payload }, done) => {
    const text = payload.toString();
    if (topic === `${device}/up/state` && text.includes('"offline"')) goodbye.resolve(() => done(null));
    else done(null);
    if (topic.includes("/up/command/")) answered.push(`${topic} ${text}`);
  };
  const server = createServer(broker.handle).listen(0, "127.0.0.1");
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => {
    server.close();
    broker.close();
  });
  await once(server, "listening");
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  const subscribed = once(broker, "subscribe");
  const fleet = startFleet({
    identity: { fleet: "lab", device: "kiosk", boot: "boot-1" },
    broker: { url: `mqtt://127.0.0.1:${address.port}`, protocol: 5 },
    info: deviceInfo,
    configHash: () => "d34db33f",
    homeAssistant: false,
    executors: { mute: () => assert.fail("it was executed") },
    ...idle,
    publishTranscripts: false,
    stateDir: null,
    clock: systemClock,
    random: seededRandom("last commands"),
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  });
  await subscribed;
  const stopped = fleet.stop("test over");
  const letGo = await goodbye.promise;
  const now = Date.now();
  const command = { v: 1, ts: new Date(now).toISOString(), args: {}, not_after: new Date(now + 60_000).toISOString() };
  broker.publish(
    {
      cmd: "publish",
      topic: `${device}/dn/command/mute/77`,
      payload: Buffer.from(JSON.stringify(command)),
      qos: 1,
      retain: false,
      dup: false,
    },
    () => {},
  );
  await eventually(() => answered.length > 0, "an answer");
  assert.match(answered[0] ?? "", /up\/command\/mute\/77 .*"failed".*send it again with the same id/);
  letGo();
  await stopped;
});
