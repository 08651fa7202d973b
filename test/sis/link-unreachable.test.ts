import assert from "node:assert/strict";
import { test } from "node:test";
import tls from "node:tls";
import { diagnoseFault } from "../../src/sis/catalogue.ts";
import { Attempt, ofKind } from "./lab/attempt.ts";
import { certificate, type Peer, startRaw, startService } from "./lab/peer.ts";

async function faultOf(url: string, timing = {}) {
  await using attempt = new Attempt(url, { timing });
  const { fault } = ofKind(await attempt.ending(), "unreachable");
  assert.ok(fault.message.includes(new URL(url).host), fault.message);
  assert.ok(!fault.message.includes("/secret-path"), fault.message);
  return fault;
}

test("a port where nothing listens", async () => {
  let free = 0;
  {
    await using peer: Peer = await startRaw(() => {});
    free = peer.port;
  }
  const fault = await faultOf(`ws://127.0.0.1:${free}/secret-path`);
  assert.equal(fault.code, "link-unreachable");
  assert.match(fault.message, /nothing accepts connections .*ECONNREFUSED/);
  assert.match(diagnoseFault(fault).hint, /port/);
});

test("a name that does not resolve", async () => {
  const fault = await faultOf("wss://sis-ext.nowhere.invalid/secret-path", { upgradeMs: 50_000 });
  // Without any name server, the resolver says that it cannot ask rather than that there is no such name.
  assert.match(fault.message, /DNS/);
  assert.match(fault.hint, /spelling|name servers/);
});

test("a server that accepts and says nothing", async () => {
  await using peer = await startRaw(() => {});
  const fault = await faultOf(`ws://127.0.0.1:${peer.port}/secret-path`, { upgradeMs: 100 });
  assert.equal(fault.code, "link-timeout");
});

test("a server that drips its answer is not waited for longer than that", async () => {
  await using peer = await startRaw((socket) => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\n");
    const drip = setInterval(() => socket.write("X-Drip: 1\r\n"), 20);
    socket.on("close", () => clearInterval(drip));
  });
  const fault = await faultOf(`ws://127.0.0.1:${peer.port}/secret-path`, { upgradeMs: 200 });
  assert.equal(fault.code, "link-timeout");
});

test("a server that accepts and closes", async () => {
  await using peer = await startRaw((socket) => socket.end());
  const fault = await faultOf(`ws://127.0.0.1:${peer.port}/secret-path`);
  assert.match(fault.message, /cut before it answered/);
});

test("a server that accepts and resets", async () => {
  await using peer = await startRaw((socket) => {
    socket.once("data", () => socket.resetAndDestroy());
  });
  const fault = await faultOf(`ws://127.0.0.1:${peer.port}/secret-path`);
  assert.match(fault.message, /cut before it answered .*ECONNRESET/);
});

test("a server that speaks something else than HTTP", async () => {
  await using peer = await startRaw((socket) => socket.write("220 mail.example ESMTP\r\n"));
  const fault = await faultOf(`ws://127.0.0.1:${peer.port}/secret-path`);
  assert.match(fault.message, /does not speak HTTP/);
});

test("headers without end", async () => {
  await using peer = await startRaw((socket) => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\n");
    for (let count = 0; count < 2000; count += 1) socket.write(`X-${count}: ${"x".repeat(1000)}\r\n`);
  });
  const fault = await faultOf(`ws://127.0.0.1:${peer.port}/secret-path`);
  assert.match(fault.message, /headers of its answer are far too long .*HPE_HEADER_OVERFLOW/);
});

test("TLS towards a port without it", async () => {
  await using peer = await startRaw((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  const fault = await faultOf(`wss://127.0.0.1:${peer.port}/secret-path`);
  assert.match(fault.message, /does not speak TLS/);
});

test("an authority that this device does not know", async () => {
  await using peer = await startService(() => {}, { certificate: "good" });
  const fault = await faultOf(`wss://localhost:${peer.port}/secret-path`);
  assert.match(fault.message, /authority that this device does not know/);
  assert.match(diagnoseFault(fault).hint, /NODE_EXTRA_CA_CERTS/);
});

test("a self-signed certificate", async () => {
  await using peer = await startService(() => {}, { certificate: "self-signed" });
  const fault = await faultOf(`wss://localhost:${peer.port}/secret-path`);
  assert.match(fault.message, /self-signed/);
});

test("where the authority is known, other things about a certificate can be wrong, or nothing", async () => {
  const usual = tls.getCACertificates("default");
  tls.setDefaultCACertificates([...usual, certificate("ca").cert]);
  try {
    for (const [name, message, hint] of [
      ["expired", /certificate has expired/, /clock first/],
      ["future", /not valid yet/, /clock is behind/],
      ["other-host", /certificate is for another host/, /spelling/],
    ] as const) {
      await using peer = await startService(() => {}, { certificate: name });
      const fault = await faultOf(`wss://localhost:${peer.port}/secret-path`);
      assert.match(fault.message, message);
      assert.match(fault.hint, hint);
    }
    await using peer = await startService((socket) => socket.send('{"resp_type":"START"}'), { certificate: "good" });
    await using attempt = new Attempt(`wss://localhost:${peer.port}/x`);
    await attempt.until((told) => (told.what === "reply" ? true : undefined));
  } finally {
    tls.setDefaultCACertificates(usual);
  }
});

test("headers that cannot be sent are a matter of the configuration, and not shown", async () => {
  await using attempt = new Attempt("ws://127.0.0.1:1/x", { headers: { "X-Auth-Token": "top\nsecret" } });
  const { fault } = ofKind(await attempt.ending(), "unreachable");
  assert.equal(fault.code, "config-invalid");
  assert.ok(!`${fault.message} ${fault.hint} ${String(fault.cause)}`.includes("secret"));
  assert.equal(diagnoseFault(fault).class, "config");
});
