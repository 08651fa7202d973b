import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, test } from "node:test";
import { type Browser, chromium, type Page } from "playwright-core";
import { startConsole } from "./lab/console.ts";
import { mosquittoMissing, startMosquitto } from "./lab/mosquitto.ts";
import { alarmOf, infoOf, metricsOf, spokenOf, startVoices, stateOf, type Voices } from "./lab/voices.ts";

const executablePath = ["/usr/bin/chromium", "/usr/bin/google-chrome"].find((file) => existsSync(file));
const skip = executablePath === undefined ? "chromium is not installed: apt-get install chromium" : mosquittoMissing;

let browser: Browser | null = null;
before(async () => {
  // The test is root, for whom Chromium has no sandbox.
  if (!skip && executablePath !== undefined)
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
});
after(() => browser?.close());

async function openPage(url: string, options: object = {}) {
  assert.ok(browser !== null);
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const problems: string[] = [];
  const asked: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  page.on("request", (request) => asked.push(request.url()));
  await page.goto(url);
  return { page, problems, asked, [Symbol.asyncDispose]: () => context.close() };
}

async function smallFleet(voices: Voices): Promise<void> {
  for (let index = 0; index < 30; index += 1) {
    const device = `kiosk-${String(index).padStart(2, "0")}`;
    await voices.say(device, "state", stateOf(index === 3 ? "offline" : index % 5 === 0 ? "listening" : "streaming"));
    await voices.say(device, "info", infoOf());
  }
  await voices.say(
    "kiosk-17",
    "alarm/capture",
    alarmOf({
      severity: "critical",
      class: "audio",
      code: "device-lost",
      message: "the microphone went away",
      hint: "Plug it in.",
    }),
  );
  await voices.say(
    "kiosk-09",
    "alarm/clock",
    alarmOf({ severity: "minor", class: "clock", code: "clock-off", message: "the clock is 20 min ahead" }),
  );
}

/** The names in the list as they are seen, from the top. */
function names(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`
    [...document.querySelectorAll("#list [role=option]:not([hidden])")]
      .sort((a, b) => a.getAttribute("aria-posinset") - b.getAttribute("aria-posinset"))
      .map((box) => box.querySelector(".name").textContent)`);
}

test("a person opens the page, searches, filters, sees an alarm come and go, and sends a command", {
  skip,
}, async () => {
  await using broker = await startMosquitto();
  await using voices = await startVoices(broker.url);
  await smallFleet(voices);
  await using console = await startConsole(broker.url, ["--allow-commands"]);
  await console.until((fleet) => (fleet["broker"] as { complete: boolean }).complete);
  await using opened = await openPage(console.url);
  const { page, problems, asked } = opened;

  await page.getByText("30 devices").waitFor();
  assert.deepEqual(
    (await names(page)).slice(0, 3),
    ["kiosk-17 · lab", "kiosk-09 · lab", "kiosk-03 · lab"],
    "the worst first",
  );

  await page.getByRole("searchbox").fill("device-lost");
  await page.getByText("1 of 30 devices").waitFor();
  await page.getByRole("searchbox").fill("");
  await page.getByRole("button", { name: "listening 6" }).click();
  await page.getByText("6 of 30 devices").waitFor();
  await page.getByRole("button", { name: "listening 6" }).click();

  const attack = '<img src=x onerror="document.title=1"><b>bold</b>';
  await voices.say("kiosk-20", "alarm/service", alarmOf({ message: attack }));
  await page.getByText("major: service SIS.0303").waitFor();
  await page.locator("#news").getByText(attack).waitFor();
  assert.equal(await page.locator("#news b, #news img").count(), 0, "what a device says is text, never markup");
  await voices.say("kiosk-20", "alarm/service", alarmOf({ status: "cleared" }));
  await page.getByText("major: service SIS.0303").waitFor({ state: "detached" });

  // By keyboard alone: from the search to the list, two down, open.
  await page.getByRole("searchbox").focus();
  await page.keyboard.press("Enter");
  for (const key of ["ArrowDown", "ArrowDown", "ArrowUp", "Enter"]) await page.keyboard.press(key);
  await page.getByRole("heading", { name: "kiosk-17" }).waitFor();
  await page.getByText("Plug it in.").waitFor();
  for (let minute = 0; minute < 20; minute += 1) await voices.say("kiosk-17", "metrics", metricsOf(minute), false);
  await page.getByRole("img", { name: /^Level, last 20 minutes/ }).waitFor();
  await voices.say("kiosk-17", "transcript", spokenOf("你好 <i>hello</i>"), false);
  await page.getByText("你好 <i>hello</i>").waitFor();

  // The device answers as a device does.
  await voices.client.subscribeAsync("sis/v1/lab/kiosk-17/dn/command/#", { qos: 1 });
  const commands: { topic: string; payload: Record<string, unknown>; retain: boolean }[] = [];
  voices.client.on("message", (topic, payload, { retain }) => {
    commands.push({ topic, payload: JSON.parse(payload.toString()) as Record<string, unknown>, retain });
    const path = topic.split("/").slice(5).join("/");
    const outcome = { v: 1, ts: new Date().toISOString(), status: "succeeded", reason: "", result: { muted: true } };
    void voices.say("kiosk-17", path, outcome, false);
  });
  await page.getByRole("button", { name: "mute", exact: true }).click();
  await page.getByRole("button", { name: "Cancel" }).click();
  assert.equal(commands.length, 0, "nothing is sent without a yes");
  await page.getByRole("button", { name: "mute", exact: true }).click();
  await page.getByRole("button", { name: "Send mute" }).click();
  await page.getByText("mute: succeeded").waitFor();
  const [command] = commands;
  assert.match(command?.topic ?? "", /\/dn\/command\/mute\/[A-Za-z0-9._-]{1,64}$/);
  assert.equal(command?.retain, false);
  const notAfterMs = Date.parse(String(command?.payload["not_after"]));
  assert.ok(notAfterMs > Date.now() && notAfterMs < Date.now() + 120_000);

  await page.getByRole("link", { name: "All devices" }).click();
  await page.getByText("30 devices").waitFor();
  assert.deepEqual(problems, []);
  assert.deepEqual(
    asked.filter((url) => !url.startsWith(console.url)),
    [],
    "nothing is asked of anyone else",
  );
});

test("on a phone, dark and light: nothing is wider than the screen; a picture for the documentation", {
  skip,
}, async () => {
  await using broker = await startMosquitto();
  await using voices = await startVoices(broker.url);
  await smallFleet(voices);
  for (let index = 0; index < 8; index += 1) await voices.say(`kiosk-1${index}`, "alarm/service", alarmOf());
  await using console = await startConsole(broker.url);
  await console.until((fleet) => (fleet["broker"] as { complete: boolean }).complete);
  for (let minute = 0; minute < 30; minute += 1) await voices.say("kiosk-17", "metrics", metricsOf(minute), false);
  for (const colorScheme of ["light", "dark"] as const) {
    await using phone = await openPage(console.url, { viewport: { width: 360, height: 740 }, colorScheme });
    await phone.page.getByText("service region problem: 8 devices, SIS.0303").first().waitFor();
    for (const hash of ["#/", "#/device/lab/kiosk-17"]) {
      await phone.page.goto(`${console.url}${hash}`);
      await phone.page.getByText("kiosk-17").locator("visible=true").first().waitFor();
      const width = await phone.page.evaluate<number>("document.documentElement.scrollWidth");
      assert.ok(width <= 360, `${colorScheme} ${hash}: ${width} px`);
    }
    assert.deepEqual(phone.problems, []);
  }
  const picture = process.env["SIS_AGENT_PICTURES"];
  if (picture === undefined) return;
  await using desk = await openPage(console.url, { viewport: { width: 1100, height: 640 }, colorScheme: "light" });
  await desk.page.getByText("service region problem").first().waitFor();
  await desk.page.screenshot({ path: `${picture}/console.png` });
  await desk.page.goto(`${console.url}#/device/lab/kiosk-17`);
  await desk.page.getByText("Plug it in.").waitFor();
  await desk.page.screenshot({ path: `${picture}/console-device.png` });
});

/** Runs in the page: scrolls from top to bottom, and tells how long each frame took, in ms, the shortest first. */
const scrolling = `(async () => {
  const list = document.getElementById("list");
  const took = [];
  let before = performance.now();
  for (let step = 0; step <= 120; step += 1) {
    list.scrollTop = ((list.scrollHeight - list.clientHeight) * step) / 120;
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    took.push(now - before);
    before = now;
  }
  return took.sort((a, b) => a - b);
})()`;

test("10,000 devices: the list holds few rows, scrolls to its end, and stays smooth while everything changes", {
  skip,
}, async () => {
  await using broker = await startMosquitto();
  await using voices = await startVoices(broker.url);
  const device = (index: number) => `dev-${String(index).padStart(5, "0")}`;
  for (let from = 0; from < 10_000; from += 500) {
    await Promise.all(
      Array.from({ length: 500 }, (_, index) => voices.say(device(from + index), "state", stateOf("streaming"))),
    );
  }
  await using console = await startConsole(broker.url);
  await console.until((fleet) => fleet["devices"] === 10_000);
  await using opened = await openPage(console.url);
  const { page, problems } = opened;
  await page.getByText("10000 devices", { exact: true }).waitFor();
  assert.ok((await page.locator("#list [role=option]").count()) < 60, "only what can be seen exists");

  // Every device has news while the list is scrolled from top to bottom.
  const storm = (async () => {
    for (let from = 0; from < 10_000; from += 500) {
      await Promise.all(
        Array.from({ length: 500 }, (_, index) => voices.say(device(from + index), "state", stateOf("backing-off"))),
      );
    }
  })();
  const frames = await page.evaluate<number[]>(scrolling);
  await storm;
  await page.getByRole("button", { name: "backing-off 10000" }).waitFor();
  assert.equal((await names(page)).at(-1), "dev-09999 · lab");
  const median = frames[Math.floor(frames.length / 2)] ?? 0;
  assert.ok(median < 50, `half of the frames took less than ${median} ms`);
  assert.ok((frames.at(-1) ?? 0) < 1_000, `the longest frame took ${frames.at(-1)} ms`);
  assert.deepEqual(problems, []);
});
