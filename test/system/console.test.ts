import assert from "node:assert/strict";
import { type IncomingMessage, request } from "node:http";
import { request as tlsRequest } from "node:https";
import { test } from "node:test";
import { Folder, main, Running, sisAgent } from "../cli/process.ts";
import { startConsole } from "./lab/console.ts";
import { mosquittoMissing, startMosquitto } from "./lab/mosquitto.ts";
import { alarmOf, infoOf, startVoices, stateOf } from "./lab/voices.ts";

const skip = mosquittoMissing;

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** A request with any headers, Host among them, which `fetch` does not let one choose. */
function ask(url: string, headers: Record<string, string> = {}, method = "GET", body = ""): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const make = url.startsWith("https:") ? tlsRequest : request;
    // Whoever the certificate is for: it is the console's own choice.
    const asked = make(url, { method, headers, rejectUnauthorized: false, timeout: 20_000 }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    asked.on("error", reject);
    asked.on("timeout", () => asked.destroy(new Error(`${method} ${url} was not answered`)));
    asked.end(body);
  });
}

/** The events of a stream, until `wanted` holds of all that came. */
async function eventsOf(url: string, wanted: (text: string) => boolean): Promise<string> {
  const scope = new AbortController();
  const response = await fetch(url, { signal: AbortSignal.any([scope.signal, AbortSignal.timeout(20_000)]) });
  let text = "";
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    if (wanted(text)) break;
  }
  scope.abort();
  return text;
}

test("the snapshot, news as they come, a broker that is restarted, and what a program and Prometheus are told", {
  skip,
}, async () => {
  await using broker = await startMosquitto({ persistence: true });
  await using voices = await startVoices(broker.url);
  for (const device of ["a", "b", "c"]) {
    await voices.say(device, "state", stateOf("streaming"));
    await voices.say(device, "info", infoOf());
  }
  await voices.say("b", "alarm/capture", alarmOf({ severity: "critical", class: "audio", code: "device-lost" }));
  await using console = await startConsole(broker.url);
  const fleet = await console.until(({ broker: link }) => (link as { complete: boolean }).complete);
  assert.equal(fleet["devices"], 3);
  assert.deepEqual(fleet["alarms"], { capture: 1 });

  const news = eventsOf(`${console.url}api/stream`, (text) => text.includes('"SIS.0301"'));
  await console.until(() => true);
  await voices.say("c", "alarm/service", alarmOf({ code: "SIS.0301" }));
  const text = await news;
  const [first = ""] = text.split("\n\n");
  assert.match(first, /^data: \{"reset":true,"rows":\[\{"k":"lab\/b"/, "first of all the whole fleet, the worst first");

  const shown = await sisAgent(["fleet", "--mqtt", broker.url, "--json"]);
  assert.equal(shown.code, 0);
  const told = JSON.parse(shown.stdout) as { devices: number; alarms: object; list: { d: string }[] };
  assert.deepEqual(
    [told.devices, told.alarms, told.list.map(({ d }) => d)],
    [3, { capture: 1, service: 1 }, ["b", "c", "a"]],
  );

  const { body, headers } = await ask(`${console.url}metrics`);
  assert.match(String(headers["content-type"]), /^text\/plain/);
  for (const line of [
    'sis_fleet_devices{phase="streaming"} 3',
    'sis_fleet_alarms_active{type="capture"} 1',
    'sis_fleet_devices_by_severity{severity="critical"} 1',
    "sis_fleet_broker_connected 1",
  ]) {
    assert.ok(body.split("\n").includes(line), `${line} in\n${body}`);
  }

  await broker.stop();
  await console.until((seen) => !(seen["broker"] as { connected: boolean }).connected);
  await broker.start();
  await console.until((seen) => (seen["broker"] as { complete: boolean }).complete);
  await voices.say("a", "state", stateOf("held"));
  await console.until((seen) => (seen["phases"] as Record<string, number>)["held"] === 1);

  const ending = console.running.ended();
  console.running.child.kill("SIGTERM");
  assert.equal((await ending).code, 0);
});

test("JSON for a program does nothing to a terminal, whatever a device says", { skip }, async () => {
  await using broker = await startMosquitto();
  await using voices = await startVoices(broker.url);
  const code = "\u001b[31m\u007f\u009b31m\u202ereversed";
  await voices.say("a", "alarm/service", alarmOf({ code }));
  const { stdout } = await sisAgent(["fleet", "--mqtt", broker.url, "--json"]);
  assert.ok(stdout.includes("\\u001b[31m\\u007f\\u009b31m\\u202ereversed"), stdout);
  assert.doesNotMatch(stdout.trimEnd(), /[\p{Cc}\u202e]/u);
  assert.ok(JSON.stringify(JSON.parse(stdout)).includes(JSON.stringify(code)), "and it says the same");
});

test("the door: only by its own names, from its own page, read-only, with nothing from elsewhere", {
  skip,
}, async () => {
  await using broker = await startMosquitto();
  await using voices = await startVoices(broker.url);
  await voices.say("a", "state", stateOf("streaming"));
  await using console = await startConsole(broker.url);
  await console.until(({ devices }) => devices === 1);
  const { url } = console;
  const { headers, body } = await ask(url);
  assert.match(String(headers["content-security-policy"]), /default-src 'none'; script-src 'self'; style-src 'self'/);
  assert.doesNotMatch(body, /https?:|<style|onclick|<script>/);
  assert.equal((await ask(url, { Host: "evil.example" })).status, 403);
  assert.equal((await ask(`${url}api/fleet`, { Host: "evil.example:80" })).status, 403);
  assert.equal((await ask(`${url}api/fleet`, { Origin: "https://evil.example" })).status, 403);
  for (const path of [
    "../package.json",
    "%2e%2e/main.ts",
    "api",
    "api/device/lab/nobody",
    "api/device/%zz/a",
    "assets.ts",
  ]) {
    assert.equal((await ask(`${url}${path}`)).status, 404, path);
  }
  assert.equal((await ask(url, {}, "PUT")).status, 405);
  for (const path of ["api/stream", "api/device/lab/a/stream"]) {
    const head = await ask(`${url}${path}`, {}, "HEAD");
    assert.deepEqual([head.status, head.headers["content-type"]], [200, "text/event-stream; charset=utf-8"]);
    // On the same connection: the answer before it is over.
    assert.equal((await ask(url)).status, 200);
  }
  const json = { "Content-Type": "application/json" };
  const command = (given: Record<string, string>, text = '{"name":"mute"}') =>
    ask(`${url}api/device/lab/a/command`, given, "POST", text);
  assert.equal((await command({ "Content-Type": "text/plain" })).status, 415, "a form of another page");
  assert.equal((await command({ ...json, Origin: "https://evil.example" })).status, 403);
  const refused = await command(json);
  assert.deepEqual(
    [refused.status, JSON.parse(refused.body)],
    [403, { error: "this console only looks: start it with --allow-commands" }],
  );
  assert.equal((await command(json, "x".repeat(10_000))).status, 400);
});

test("beyond loopback it demands a token and TLS, or says no", { skip }, async () => {
  await using broker = await startMosquitto({ tls: true });
  const pair = broker.issue("console-page");
  await using files = await Folder.with({
    token: "0123456789abcdef0123456789abcdef\n",
    short: "secret\n",
    ca: broker.ca,
    cert: pair.cert,
    key: pair.key,
  });
  const common = ["fleet", "--mqtt", broker.url, "--ca-file", files.of("ca")];
  const refusals = [
    [["--listen", "0.0.0.0:0"], "can be reached from elsewhere"],
    [["--listen", "0.0.0.0:0", "--token-file", files.of("token")], "can be reached from elsewhere"],
    [["--listen", "127.0.0.1:0", "--token-file", files.of("short")], "shorter than 20 characters"],
    [["--tls-cert", files.of("cert")], "--tls-key is not"],
    [["--token-file", files.of("nothing")], "--token-file: names no file"],
  ] as const;
  await Promise.all(
    refusals.map(async ([args, says]) => {
      const { code, stderr } = await sisAgent([...common, ...args]);
      assert.equal(code, 78, stderr);
      assert.ok(stderr.includes(says), `${says} in ${stderr}`);
    }),
  );

  const guard = ["--token-file", files.of("token"), "--tls-cert", files.of("cert"), "--tls-key", files.of("key")];
  await using running = new Running(main, [...common, "--listen", "0.0.0.0:0", ...guard]);
  await running.until(() => running.stdout.includes("\n"));
  const { port } = JSON.parse(running.stdout) as { port: number };
  const url = `https://127.0.0.1:${port}/`;
  const get = (path: string, given: Record<string, string> = {}, method = "GET", body = "") =>
    ask(`${url}${path}`, given, method, body);
  assert.equal((await get("api/fleet")).status, 401);
  assert.match((await get("")).body, /The console's token/, "without it, the page asks for it");
  assert.equal((await get("api/fleet", { Authorization: "Bearer wrong" })).status, 401);
  assert.equal((await get("metrics", { Authorization: "Bearer 0123456789abcdef0123456789abcdef" })).status, 200);
  assert.equal((await get("login", {}, "POST", '{"token":"wrong"}')).status, 401);
  const { status, headers } = await get("login", {}, "POST", '{"token":"0123456789abcdef0123456789abcdef"}');
  const [cookie = ""] = headers["set-cookie"] ?? [];
  assert.equal(status, 200);
  assert.equal((await get("api/fleet", { Cookie: cookie.split(";")[0] ?? "" })).status, 200);
});

test("a device that floods does not keep the others from being heard", { skip }, async () => {
  // As in device/mosquitto: with a short queue it is the broker that drops what others say.
  await using broker = await startMosquitto({ queue: 200_000 });
  await using voices = await startVoices(broker.url);
  await using flood = await startVoices(broker.url);
  await voices.say("kiosk-1", "state", stateOf("streaming"));
  await flood.say("kiosk-66", "state", stateOf("streaming"));
  await using console = await startConsole(broker.url);
  await console.until(({ broker: link }) => (link as { complete: boolean }).complete);
  const topic = "sis/v1/lab/kiosk-66/up/event/session";
  for (let count = 0; count < 20_000; count += 1) flood.client.publish(topic, "x".repeat(1_000), { qos: 0 });
  await voices.say("kiosk-1", "alarm/capture", alarmOf());
  await flood.say("kiosk-66", "alarm/clock", alarmOf());
  const { refused } = await console.until(({ alarms }) => Object.keys(alarms as object).length === 2);
  assert.ok(((refused as Record<string, number>)["flood"] ?? 0) > 100, JSON.stringify(refused));
});

test("--watch without a terminal: a line for each change, an outage once", { skip }, async () => {
  await using broker = await startMosquitto();
  await using voices = await startVoices(broker.url);
  for (let index = 0; index < 40; index += 1) await voices.say(`kiosk-${index}`, "state", stateOf("streaming"));
  await using running = new Running(main, ["fleet", "--mqtt", broker.url, "--watch"]);
  await running.until(() => running.stdout.includes("40 devices: streaming 40"));
  for (let index = 0; index < 40; index += 1) await voices.say(`kiosk-${index}`, "alarm/service", alarmOf());
  await running.until(() => running.stdout.includes("! service region problem: 40 devices, SIS.0303\n"));
  await voices.say("kiosk-7", "state", stateOf("held"));
  await running.until(() => running.stdout.includes("kiosk-7: held\n"));
  running.child.kill("SIGINT");
  assert.equal((await running.ended()).code, 0);
});

test("no broker: --json fails and says what to do, in the words of its options", async () => {
  const { code, stdout, stderr } = await sisAgent(["fleet", "--mqtt", "mqtt://127.0.0.1:1", "--json"]);
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /^MQTT broker: .*\nCheck .*--mqtt/);
});
