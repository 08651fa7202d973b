import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { connectAsync, type MqttClient } from "mqtt";
import { Folder } from "../cli/process.ts";
import { startConsole } from "./lab/console.ts";
import { mosquittoMissing, startMosquitto } from "./lab/mosquitto.ts";
import { alarmOf, stateOf } from "./lab/voices.ts";

const skip = mosquittoMissing;
const shipped = (name: string) => readFileSync(new URL(`../../device/mosquitto/${name}`, import.meta.url), "utf8");

/** What the broker answers: null: it takes the message. */
async function refusalOf(client: MqttClient, topic: string, payload: object): Promise<string | null> {
  return client.publishAsync(topic, JSON.stringify(payload), { qos: 1, retain: true }).then(
    () => null,
    (error: unknown) => String(error),
  );
}

test("with the shipped configuration a device writes its own reports alone, and hears only what is meant for it", {
  skip,
}, async () => {
  await using broker = await startMosquitto({
    shipped: { conf: shipped("sis-agent.conf"), acl: shipped("sis-agent.acl") },
  });
  const pair = broker.issue("sis-console");
  await using files = await Folder.with({ ca: broker.ca, cert: pair.cert, key: pair.key });
  await using console = await startConsole(broker.url, [
    ...[
      "--ca-file",
      files.of("ca"),
      "--cert-file",
      files.of("cert"),
      "--key-file",
      files.of("key"),
      "--allow-commands",
    ],
  ]);
  const join = (name: string) =>
    connectAsync(broker.url, {
      protocolVersion: 5,
      clientId: name,
      ca: broker.ca,
      ...broker.issue(name),
      reconnectPeriod: 0,
    });
  const [good, evil] = [await join("kiosk-17"), await join("kiosk-66")];
  const heard: string[] = [];
  evil.on("message", (topic) => heard.push(topic));
  await using _clients = {
    [Symbol.asyncDispose]: async () => void (await Promise.all([good.endAsync(), evil.endAsync()])),
  };

  assert.equal(await refusalOf(good, "sis/v1/lab/kiosk-17/up/state", stateOf("streaming")), null);
  for (const topic of [
    "sis/v1/lab/kiosk-17/up/state",
    "sis/v1/lab/kiosk-17/up/alarm/service",
    "sis/v1/other/kiosk-17/up/state",
    "sis/v1/lab/kiosk-17/dn/command/mute/1",
    "sis/v1/lab/kiosk-66/dn/command/mute/1",
    "sis/v1/lab/kiosk-66/dn/config",
    "homeassistant/device/kiosk-17/config",
  ]) {
    assert.match(String(await refusalOf(evil, topic, alarmOf())), /Not authorized/, topic);
  }
  assert.equal(await refusalOf(evil, "sis/v1/lab/kiosk-66/up/alarm/service", alarmOf()), null);
  await evil.subscribeAsync(["sis/v1/+/+/up/#", "sis/v1/+/+/dn/#", "#"], { qos: 1 }).catch(() => {});
  await good.subscribeAsync("sis/v1/lab/kiosk-17/dn/command/#", { qos: 1 });
  const command = new Promise<string>((resolve) => {
    good.on("message", resolve);
  });

  const fleet = await console.until(({ devices }) => devices === 2);
  assert.deepEqual(fleet["alarms"], { service: 1 });
  const answer = await fetch(`${console.url}api/device/lab/kiosk-17/command`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ name: "mute" }),
  });
  assert.equal(answer.status, 202);
  assert.match(await command, /^sis\/v1\/lab\/kiosk-17\/dn\/command\/mute\//);
  // What the broker sent to the one it would by now have sent to the other.
  await evil.publishAsync("sis/v1/lab/kiosk-66/up/state", JSON.stringify(stateOf("streaming")), { qos: 1 });
  assert.deepEqual(heard, []);
  assert.equal((await fetch(`${console.url}api/device/lab/kiosk-17/command`, { method: "POST" })).status, 415);
});
