import assert from "node:assert/strict";
import { test } from "node:test";
import { isLoopback } from "../../src/base/loopback.ts";

for (const [host, is] of [
  ["127.0.0.1", true],
  ["127.8.8.8", true],
  ["::1", true],
  ["[::1]", true],
  ["localhost", true],
  ["0.0.0.0", false],
  ["::", false],
  ["[::]", false],
  ["192.168.1.5", false],
  ["127.0.0.1.example", false],
  ["localhost.example", false],
  ["", false],
] as const) {
  test(`${host} is ${is ? "" : "not "}loopback`, () => assert.equal(isLoopback(host), is));
}
