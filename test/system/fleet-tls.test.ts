import assert from "node:assert/strict";
import { test } from "node:test";
import { raisedTypes, startTestFleet } from "./lab/fleet.ts";
import { mosquittoMissing, startMosquitto } from "./lab/mosquitto.ts";
import { startMonitor } from "./lab/mqtt-monitor.ts";

const skip = mosquittoMissing;

test("TLS with the user's own CA", { skip }, async () => {
  await using broker = await startMosquitto({ tls: true });
  await using monitor = await startMonitor(broker.url, { ca: broker.ca });
  await using _device = startTestFleet({ url: broker.url, protocol: 5, ca: broker.ca });
  await monitor.find(({ topic }) => topic.endsWith("/up/state"));
});

/** What is wrong with the broker's certificate, and what must be said of it: message, alarm, code, hint. */
const odd = {
  expired: [/certificate has expired/, "config", "CERT_HAS_EXPIRED", /Renew.*clock/],
  future: [/not valid yet/, "clock", "CERT_NOT_YET_VALID", /clock/],
  "other-host": [/for another name/, "config", "ERR_TLS_CERT_ALTNAME_INVALID", /mqtt\.url/],
  "self-signed": [/not trusted/, "config", "DEPTH_ZERO_SELF_SIGNED_CERT", /mqtt\.ca_file/],
} as const;
for (const [tls, [message, type, code, hint]] of Object.entries(odd)) {
  test(`a broker whose certificate is ${tls}: one alarm, ${type}, with what to do`, { skip }, async () => {
    await using broker = await startMosquitto({ tls: tls as keyof typeof odd });
    await using device = startTestFleet({ url: broker.url, protocol: 5, ca: broker.ca });
    const line = await device.logged("MQTT broker: ");
    assert.match(device.log.map((each) => each.message).join("\n"), message);
    assert.match(String(line["hint"]), hint);
    const raised = await device.logged("alarm raised");
    assert.deepEqual([raised["type"], raised["code"]], [type, code]);
    assert.deepEqual(raisedTypes(device), [type]);
  });
}

test("a broker of another authority is not trusted", { skip }, async () => {
  await using broker = await startMosquitto({ tls: true });
  await using other = await startMosquitto({ tls: true });
  await using device = startTestFleet({ url: broker.url, protocol: 5, ca: other.ca });
  const line = await device.logged("certificate is not trusted");
  assert.match(String(line["hint"]), /mqtt\.ca_file/);
});

/** What is wrong with the device's certificate. */
const own = {
  "the right one": [{}, null],
  none: [null, /wants a certificate of this device/],
  "one that has expired": [{ expired: true }, /this device's certificate has expired/],
  "one of another authority": [{ otherCa: true }, /does not trust this device's certificate/],
} as const;
for (const [name, [how, says]] of Object.entries(own)) {
  test(`a broker that wants a client certificate, and gets ${name}`, { skip }, async () => {
    await using broker = await startMosquitto({ tls: true, clientCertificates: true });
    const pair = how === null ? {} : broker.issue("kiosk-17", how);
    await using device = startTestFleet({ url: broker.url, protocol: 5, ca: broker.ca, ...pair });
    if (says === null) {
      await device.logged("connected to the MQTT broker");
      return;
    }
    const raised = await device.logged("alarm raised");
    assert.equal(raised["type"], "credentials");
    assert.match(String(raised["error"]), says);
    assert.match(String(raised["hint"]), /mqtt\.cert_file/);
    const [, { fields: retry } = { fields: {} }] = device.log;
    assert.ok(!("key" in retry), "no key is logged");
  });
}

test("user name = certificate's CN = device id: the two-line ACL keeps a device to its own topics", {
  skip,
}, async () => {
  const acl = [
    "pattern write sis/v1/+/%u/up/#",
    "pattern read sis/v1/+/%u/dn/#",
    "user console",
    "topic read sis/v1/#",
  ];
  await using broker = await startMosquitto({ tls: true, clientCertificates: true, acl });
  const console = broker.issue("console");
  await using monitor = await startMonitor(broker.url, { ca: broker.ca, ...console });
  const pair = broker.issue("kiosk-17");
  const access = { url: broker.url, protocol: 5, ca: broker.ca, ...pair } as const;
  await using right = startTestFleet(access);
  await monitor.find(({ topic }) => topic === "sis/v1/lab/kiosk-17/up/state");
  // A device that is called otherwise than its certificate.
  await using impostor = startTestFleet(access, { device: "kiosk-18" });
  const refused = await impostor.logged("alarm raised");
  assert.deepEqual([refused["type"], refused["code"]], ["credentials", "MQTT.135"]);
  assert.equal(monitor.seen.filter(({ topic }) => topic.includes("kiosk-18")).length, 0);
  assert.deepEqual(raisedTypes(right), []);
});
