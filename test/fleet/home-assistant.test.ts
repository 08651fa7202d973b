import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { homeAssistantMessages } from "../../src/fleet/home-assistant.ts";
import { alarmTypes } from "../../src/fleet/schema.ts";
import { deviceInfo } from "./samples.ts";

const file = new URL("home-assistant-device-discovery.schema.json", import.meta.url);
const schema: unknown = JSON.parse(readFileSync(file, "utf8"));
const ajv = new Ajv2020({ validateFormats: false, strict: false, discriminator: false });
const validate = ajv.compile(schema as object);

function discovery(device: string, transcripts = false) {
  const [message] = homeAssistantMessages({ fleet: "lab", device }, deviceInfo, transcripts);
  assert.ok(message !== undefined && "components" in message.payload);
  return { ...message, payload: message.payload };
}

test("the message is what Home Assistant documents for a device", () => {
  for (const transcripts of [false, true]) {
    const { topic, payload, delivery } = discovery("kiosk-17", transcripts);
    assert.equal(topic, "homeassistant/device/kiosk-17/config");
    assert.deepEqual([delivery.retain, delivery.keep], [true, "latest"]);
    assert.ok(validate(JSON.parse(JSON.stringify(payload))), ajv.errorsText(validate.errors));
  }
});

test("what is not as documented is seen", () => {
  const { payload } = discovery("kiosk-17");
  const { components } = payload;
  const phase = components["phase"];
  assert.ok(phase !== undefined);
  for (const odd of [
    { ...payload, device: {} },
    { ...payload, origin: {} },
    { ...payload, components: { phase: { ...phase, platform: "oven" } } },
    { ...payload, components: { phase: { ...phase, options: undefined } } },
    { ...payload, later: 1 },
  ]) {
    assert.equal(validate(JSON.parse(JSON.stringify(odd))), false);
  }
});

test("every alarm is a problem; what was said is there only where it is published; ids are unique", () => {
  const { components } = discovery("kiosk-17").payload;
  const problems = Object.values(components).filter((each) => each["device_class"] === "problem");
  assert.deepEqual(
    problems.map((each) => each["state_topic"]),
    alarmTypes.map((type) => `sis/v1/lab/kiosk-17/up/alarm/${type}`),
  );
  assert.ok(!("said" in components));
  assert.ok("said" in discovery("kiosk-17", true).payload.components);
  const ids = Object.values(components).map((each) => each.unique_id);
  assert.equal(new Set(ids).size, ids.length);
});

test("a name that no discovery topic may hold becomes one that may, and still another for each device", () => {
  const topics = ["küche 1", "küche.1", "küche_1"].map((device) => discovery(device).topic);
  for (const topic of topics) assert.match(topic, /^homeassistant\/device\/[A-Za-z0-9_-]+\/config$/);
  assert.equal(new Set(topics).size, 3);
});
