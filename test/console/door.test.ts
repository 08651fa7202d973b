import assert from "node:assert/strict";
import { test } from "node:test";
import { Door, type Visit } from "../../src/console/door.ts";
import { ManualClock } from "../lab/manual-clock.ts";

const token = "0123456789abcdef01234567";
const visit = (more: Partial<Visit> = {}): Visit => ({
  method: "GET",
  path: "/",
  host: "127.0.0.1:8080",
  origin: undefined,
  fetchSite: undefined,
  authorization: undefined,
  cookie: undefined,
  ...more,
});
const clock = new ManualClock();
const plain = new Door({ tls: false, names: [], token: null, clock });
const guarded = new Door({ tls: true, names: ["fleet.example", "*.lab.example"], token, clock });
const shown = { authorization: `Bearer ${token}` };

for (const [door, more, is] of [
  [plain, {}, "in"],
  [plain, { host: "localhost:8080" }, "in"],
  [plain, { host: "[::1]:8080" }, "in"],
  // DNS rebinding: the page of a stranger, whose name now points here.
  [plain, { host: "evil.example:8080" }, "out"],
  [plain, { host: "evil.example:8080", origin: "http://evil.example:8080" }, "out"],
  [plain, { host: "localhost.evil.example" }, "out"],
  [plain, { host: "192.168.1.5:8080" }, "out"],
  [plain, { host: undefined }, "out"],
  [plain, { host: "127.0.0.1:8080@evil.example" }, "out"],
  // Another page that asks from this browser.
  [plain, { method: "POST", origin: "https://evil.example" }, "out"],
  [plain, { origin: "null" }, "out"],
  [plain, { origin: "http://127.0.0.1:9090" }, "out"],
  [plain, { method: "POST", fetchSite: "cross-site" }, "out"],
  [plain, { method: "POST", fetchSite: "same-site" }, "out"],
  [plain, { method: "POST", origin: "http://127.0.0.1:8080", fetchSite: "same-origin" }, "in"],
  [plain, { fetchSite: "cross-site" }, "in"], // a link was followed
  [plain, { path: "/api/stream", fetchSite: "cross-site" }, "out"],
  [plain, { path: "/metrics", fetchSite: "same-site" }, "out"],
  [plain, { path: "/api/stream", fetchSite: "same-origin" }, "in"],
  [plain, { path: "/api/fleet", fetchSite: "none" }, "in"],
  [guarded, { host: "fleet.example" }, "stranger"],
  [guarded, { host: "FLEET.example", ...shown }, "in"],
  [guarded, { host: "one.lab.example", ...shown }, "in"],
  [guarded, { host: "two.one.lab.example", ...shown }, "out"],
  [guarded, { host: "192.168.1.5:8443", ...shown }, "in"],
  [guarded, { host: "evil.example", ...shown }, "out"],
  [guarded, { host: "fleet.example", authorization: "Bearer wrong" }, "stranger"],
  [guarded, { host: "fleet.example", authorization: "Basic x" }, "stranger"],
  [guarded, { host: "fleet.example", cookie: `sis_console=${"0".repeat(64)}` }, "stranger"],
] as const) {
  test(`${JSON.stringify(more)}${door === plain ? "" : " with token and TLS"} is: ${is}`, () => {
    assert.equal(door.admit(visit(more)).is, is);
  });
}

test("a session is as good as the token, is in no script's reach, and the token is not in it", () => {
  const cookie = guarded.newSession();
  assert.match(cookie, /; HttpOnly; SameSite=Strict; Max-Age=\d+; Secure$/);
  assert.ok(!cookie.includes(token));
  const [pair = ""] = cookie.split(";");
  assert.equal(guarded.admit(visit({ host: "fleet.example", cookie: `a=b; ${pair}` })).is, "in");
});

test("a session ends after twelve hours, whatever the browser thinks", () => {
  const [pair = ""] = guarded.newSession().split(";");
  clock.advance(12 * 3_600_000 - 1_000);
  assert.equal(guarded.admit(visit({ cookie: pair })).is, "in");
  clock.advance(2_000);
  assert.equal(guarded.admit(visit({ cookie: pair })).is, "stranger");
});

test("sessions are bounded, the oldest goes", () => {
  const door = new Door({ tls: true, names: [], token, clock });
  const [first = ""] = door.newSession().split(";");
  for (let count = 0; count < 256; count += 1) door.newSession();
  assert.equal(door.admit(visit({ cookie: first })).is, "stranger");
});
