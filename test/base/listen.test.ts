import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { listen, listenFault } from "../../src/base/listen.ts";

const mends = { port: "another --port", host: "another --host" };

for (const [code, message, hint] of [
  ["EADDRINUSE", "port 80 on a.example is in use by another program", mends.port],
  ["EACCES", "port 80 on a.example is not for ordinary users", mends.port],
  ["ERR_SOCKET_BAD_PORT", "there is no port 80: ports go from 0 to 65535", mends.port],
  ["EADDRNOTAVAIL", "a.example is not an address of this machine", mends.host],
  ["ENOTFOUND", "the host a.example is not known", mends.host],
  ["EMFILE", "cannot listen on a.example, port 80: EMFILE", mends.host],
] as const) {
  test(`${code} says what cannot be listened on, and which flag to change`, () => {
    const fault = listenFault(Object.assign(new Error("x"), { code }), "a.example", 80, mends);
    assert.deepEqual([fault.code, fault.message, fault.hint], ["address-unavailable", message, hint]);
  });
}

test("a port that is none is told in the same words by who lets a server listen", async () => {
  await assert.rejects(listen(createServer(), "127.0.0.1", 70_000, mends), {
    name: "Fault",
    code: "address-unavailable",
    hint: mends.port,
  });
});
