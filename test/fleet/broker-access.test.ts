import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../src/base/fault.ts";
import { assertAccess, type BrokerAccess, brokerAddress, sendsSecretsInClear } from "../../src/fleet/broker-access.ts";

test("the address of a broker URL", () => {
  assert.deepEqual(brokerAddress("mqtt://broker.example"), { tls: false, host: "broker.example", port: 1883 });
  assert.deepEqual(brokerAddress("mqtts://broker.example/"), { tls: true, host: "broker.example", port: 8883 });
  assert.deepEqual(brokerAddress("mqtts://10.0.0.1:1"), { tls: true, host: "10.0.0.1", port: 1 });
  assert.deepEqual(brokerAddress("mqtt://[::1]:1884"), { tls: false, host: "::1", port: 1884 });
});

const refused: Readonly<Record<string, BrokerAccess>> = {
  "no URL": { url: "broker.example", protocol: 5 },
  "another protocol": { url: "https://broker.example", protocol: 5 },
  "no host": { url: "mqtt://", protocol: 5 },
  "a path": { url: "mqtt://h/path", protocol: 5 },
  "a query": { url: "mqtt://h?clientId=evil", protocol: 5 },
  "a password in it": { url: "mqtt://u:hunter2@h", protocol: 5 },
  "a password without a user": { url: "mqtt://h", protocol: 5, password: "hunter2" },
  "a CA without TLS": { url: "mqtt://h", protocol: 5, ca: "hunter2" },
  "a CA that is none": { url: "mqtts://h", protocol: 5, ca: "hunter2" },
  "a CA with a broken body": {
    url: "mqtts://h",
    protocol: 5,
    ca: "-----BEGIN CERTIFICATE-----\nhunter2\n-----END CERTIFICATE-----\n",
  },
  "a certificate without a key": { url: "mqtts://h", protocol: 5, cert: "hunter2" },
};
for (const [name, access] of Object.entries(refused)) {
  test(`refused as configuration, without quoting secrets: ${name}`, () => {
    assert.throws(
      () => assertAccess(access),
      (error) => error instanceof Fault && error.code === "config-invalid" && !error.message.includes("hunter2"),
    );
  });
}

test("a password in the clear is one that leaves the machine without TLS", () => {
  const secrets = { protocol: 5, user: "u", password: "p" } as const;
  assert.equal(sendsSecretsInClear({ url: "mqtt://broker.example", ...secrets }), true);
  assert.equal(sendsSecretsInClear({ url: "mqtts://broker.example", ...secrets }), false);
  for (const host of ["localhost", "127.0.0.1", "[::1]"]) {
    assert.equal(sendsSecretsInClear({ url: `mqtt://${host}`, ...secrets }), false, host);
  }
  assert.equal(sendsSecretsInClear({ url: "mqtt://broker.example", protocol: 5 }), false);
});
