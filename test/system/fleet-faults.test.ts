import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as passed } from "node:timers/promises";
import { microphone } from "../../src/audio/microphone.ts";
import { Spool } from "../../src/audio/spool.ts";
import { systemClock } from "../../src/base/clock.ts";
import { diskFault } from "../../src/base/disk-fault.ts";
import { Fault } from "../../src/base/fault.ts";
import { type BrokerTimings, brokerTimings } from "../../src/fleet/broker-policy.ts";
import { type Fleet, type FleetMessage, startFleet } from "../../src/fleet/fleet.ts";
import { type FaultId, knownFaults } from "../../src/fleet/known-faults.ts";
import { serviceClock } from "../../src/host/service-clock.ts";
import { watchHost } from "../../src/host/watch.ts";
import { testAccounts } from "../../src/simulator/accounts.ts";
import type { FaultEntry } from "../../src/simulator/faults.ts";
import { startSimulator } from "../../src/simulator/simulator.ts";
import { diagnoseFault } from "../../src/sis/catalogue.ts";
import { cannotReach } from "../../src/sis/link-ending.ts";
import { deviceInfo, errorOf, gapReport, idle, sessionOf } from "../fleet/samples.ts";
import { ManualClock } from "../lab/manual-clock.ts";
import { inMemory, OpenLog } from "../lab/open-log.ts";
import { quickClock } from "../lab/quick-clock.ts";
import { alarmsAmong, type FaultDevice, judgeCleared, judgeRaised, startFaultDevice } from "./lab/fault-device.ts";
import { faultRecorder, installRecorder } from "./lab/fault-recorder.ts";
import { startTestFleet, type TestFleet } from "./lab/fleet.ts";
import { speakTo } from "./lab/fleet-speech.ts";
import { type FrontMode, startFront } from "./lab/front.ts";
import { type Mosquitto, mosquittoMissing, startMosquitto } from "./lab/mosquitto.ts";
import { type Monitor, startMonitor } from "./lab/mqtt-monitor.ts";
import { eventually } from "./lab/processes.ts";
import { quietPort } from "./lab/quiet-port.ts";

// Each fault of the diagnosis table is made, with as much of the real thing as there can be without the board's
// hardware, and must lead to exactly its alarm, in its time, and to its clearing.

const skip = mosquittoMissing;
/** They mostly wait. */
const concurrency = 8;
const tested: FaultId[] = [];
/** Longer than any alarm takes to clear by the machine's own clock. */
const patienceMs = 30_000;

let broker: Mosquitto;
let monitor: Monitor;
/** Where alone programs are found: the recorder is a stand-in. */
const programs = faultRecorder();
const path = process.env["PATH"];
before(async () => {
  if (skip !== false) return;
  broker = await startMosquitto();
  monitor = await startMonitor(broker.url);
  process.env["PATH"] = programs.folder;
});
after(async () => {
  process.env["PATH"] = path;
  await monitor?.[Symbol.asyncDispose]();
  await broker?.[Symbol.asyncDispose]();
  programs[Symbol.dispose]();
});

function row(id: FaultId, make: () => Promise<void>): void {
  tested.push(id);
  test(`${id}: ${knownFaults[id].fault}`, { skip }, make);
}

async function raisedIn(id: FaultId, device: Pick<FaultDevice, "heard">, sinceMs: number, speed = 1): Promise<void> {
  await eventually(() => device.heard().length > 0, `${id}: raised`, knownFaults[id].withinMs + 10_000);
  judgeRaised(id, device.heard(), sinceMs, speed);
}

async function clearedIn(device: Pick<FaultDevice, "heard">): Promise<void> {
  const isCleared = () => device.heard().at(-1)?.payload["status"] === "cleared";
  await eventually(isCleared, `cleared: ${JSON.stringify(device.heard(), null, 1)}`, patienceMs);
  judgeCleared(device.heard());
}

/** Each session that begins meets the fault. */
const eachSession = (fault: FaultEntry["fault"]): readonly FaultEntry[] =>
  Array.from({ length: 60 }, (_, index) => ({ at: { session: index + 1 }, fault }));
const always = { for_ms: 3_600_000 } as const;
const refused = (status: number, code: string): readonly FaultEntry[] => [
  { fault: { kind: "refuse", status, code, ...always } },
];
const startRefused = (code: string): readonly FaultEntry[] => [{ fault: { kind: "error-on-start", code, ...always } }];

/** What the service does, by fault; mended, it does so no more. */
const byService: Readonly<Partial<Record<FaultId, readonly FaultEntry[]>>> = {
  "region-down": refused(503, "SIS.0303"),
  "service-breaks-off": eachSession({ kind: "fatal", code: "SIS.0100" }),
  "recognition-fails": eachSession({ kind: "error", code: "SIS.0305" }),
  "order-refused": eachSession({ kind: "error", code: "SIS.0418" }),
  "token-expired": refused(401, "APIG.0307"),
  "key-revoked": refused(401, "APIG.0301"),
  "no-right": refused(403, "APIG.0302"),
  "account-frozen": refused(403, "SIS.0103"),
  throttled: refused(429, "APIG.0308"),
  "quota-used-up": startRefused("SIS.0312"),
  "vocabulary-missing": startRefused("SIS.0201"),
  "format-mismatch": startRefused("SIS.0301"),
  "wrong-address": refused(404, "APIG.0101"),
  "audio-undecodable": eachSession({ kind: "error", code: "SIS.30006" }),
  "service-hears-nothing": eachSession({ kind: "fatal", code: "SIS.0304" }),
};

describe("a fault", { concurrency }, () => {
  describe("made by the service", { concurrency }, () => {
    for (const [id, faults] of Object.entries(byService) as [FaultId, readonly FaultEntry[]][]) {
      row(id, async () => {
        await using service = await startSimulator({ faults });
        const sinceMs = Date.now();
        await using device = await startFaultDevice(id, monitor, broker.url, { endpoint: service.url });
        await raisedIn(id, device, sinceMs);
        service.clearFaults();
        await device.restartSession();
        await clearedIn(device);
      });
    }

    row("password-refused", async () => {
      const users: { name: string; password: string; domain: string }[] = [];
      await using service = await startSimulator({ auth: "token", accounts: { ...testAccounts, users } });
      const sinceMs = Date.now();
      await using device = await startFaultDevice("password-refused", monitor, broker.url, {
        endpoint: service.url,
        secrets: {
          service: {
            method: "password",
            user: "device",
            domain: "simulator",
            password: "device-password",
            iamEndpoint: service.httpUrl,
            project: { name: "p" },
          },
        },
      });
      await raisedIn("password-refused", device, sinceMs);
      users.push(...testAccounts.users);
      await device.restartSession();
      await clearedIn(device);
    });
  });

  const answer = (head: string, body = ""): FrontMode => ({
    do: "answer",
    text: `HTTP/1.1 ${head}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  });
  const page = "<html><title>Blocked</title></html>";

  /** What the network does, by fault; mended, it lets everything pass. */
  const byNetwork: Readonly<Partial<Record<FaultId, FrontMode>>> = {
    "captive-portal": answer("302 Found\r\nLocation: http://login.example/"),
    "network-login": answer("511 Network Authentication Required\r\nContent-Type: text/html", page),
    "proxy-login": answer("407 Proxy Authentication Required\r\nContent-Type: text/html", page),
    "proxy-forbids": answer("403 Forbidden\r\nContent-Type: text/html", page),
    "no-answer": { do: "nothing" },
  };

  describe("made by the network", { concurrency }, () => {
    for (const [id, mode] of Object.entries(byNetwork) as [FaultId, FrontMode][]) {
      row(id, async () => {
        await using service = await startSimulator();
        await using front = await startFront(mode);
        const sinceMs = Date.now();
        const endpoint = `ws://127.0.0.1:${front.port}`;
        await using device = await startFaultDevice(id, monitor, broker.url, { endpoint });
        await raisedIn(id, device, sinceMs);
        front.become({ do: "pass", port: service.port });
        front.cut();
        await device.restartSession();
        await clearedIn(device);
      });
    }

    row("nothing-listens", async () => {
      const port = await quietPort();
      const sinceMs = Date.now();
      const endpoint = `ws://127.0.0.1:${port}`;
      await using device = await startFaultDevice("nothing-listens", monitor, broker.url, { endpoint });
      await raisedIn("nothing-listens", device, sinceMs);
      await using _service = await startSimulator({ port });
      await device.restartSession();
      await clearedIn(device);
    });

    row("connection-cut", async () => {
      await using service = await startSimulator({ faults: [{ fault: { kind: "accept-then-close", ...always } }] });
      const sinceMs = Date.now();
      await using device = await startFaultDevice("connection-cut", monitor, broker.url, { endpoint: service.url });
      await raisedIn("connection-cut", device, sinceMs);
      service.clearFaults();
      await device.restartSession();
      await clearedIn(device);
    });

    row("connection-dead", async () => {
      await using service = await startSimulator();
      await using front = await startFront({ do: "pass", port: service.port });
      const endpoint = `ws://127.0.0.1:${front.port}`;
      await using device = await startFaultDevice("connection-dead", monitor, broker.url, { endpoint });
      await eventually(() => device.phase() === "streaming", "streaming");
      const sinceMs = Date.now();
      front.become({ do: "nothing" });
      front.freeze();
      await raisedIn("connection-dead", device, sinceMs);
      front.become({ do: "pass", port: service.port });
      front.cut();
      await device.restartSession();
      await clearedIn(device);
    });
  });

  const noWait = { atLeastMs: 0, baseMs: 50, capMs: 200 };
  const quickRetries: BrokerTimings = {
    ...brokerTimings,
    retry: {
      network: noWait,
      busy: noWait,
      credentials: noWait,
      config: noWait,
      clock: noWait,
      identity: noWait,
    },
  };
  const testCa = "../../test/sis/lab/tls/ca.pem";

  /** A device at a broker that something is wrong with, and then at one that is right, at the same address. */
  async function brokerRow(
    id: FaultId,
    bad: Parameters<typeof startMosquitto>[0],
    credentials: (broker: Mosquitto) => object = () => ({}),
    speed = 1,
  ): Promise<void> {
    const ca = readFileSync(new URL(testCa, import.meta.url), "utf8");
    const tls = bad?.tls !== undefined;
    await using wrong = await startMosquitto(bad);
    await using right = await startMosquitto(tls ? { tls: "good" } : {});
    await using front = await startFront({ do: "pass", port: wrong.port });
    const url = tls ? `mqtts://localhost:${front.port}` : `mqtt://127.0.0.1:${front.port}`;
    const clock = quickClock(speed);
    const sinceMs = clock.wallMs();
    const access = { url, protocol: 5, ...(tls && { ca }), ...credentials(wrong) } as const;
    await using device: TestFleet = startTestFleet(access, { timings: quickRetries, clock });
    const heard = { heard: () => alarmsAmong(device.decided.filter(onceEach())) };
    await raisedIn(id, heard, sinceMs, speed);
    front.become({ do: "pass", port: right.port });
    await clearedIn(heard);
  }

  /** A message that is decided again only because a connection begins with it counts once. */
  function onceEach(): (message: FleetMessage) => boolean {
    const seen = new Set<string>();
    return ({ payload }) => {
      if (!("severity" in payload)) return true;
      const key = `${payload.id} ${payload.status} ${payload.count}`;
      if (seen.has(key)) return false;
      seen.add(key);
      return true;
    };
  }

  describe("made by the broker", { concurrency }, () => {
    row("broker-refuses-login", () =>
      brokerRow("broker-refuses-login", { users: { "kiosk-17": "right" } }, () => ({
        user: "kiosk-17",
        password: "wrong",
      })),
    );
    row("broker-wants-certificate", () =>
      brokerRow("broker-wants-certificate", { tls: "good", clientCertificates: true }),
    );
    row("broker-refuses-certificate", () =>
      brokerRow("broker-refuses-certificate", { tls: "good", clientCertificates: true }, (wrong) =>
        wrong.issue("kiosk-17", { otherCa: true }),
      ),
    );
    row("broker-untrusted", () => brokerRow("broker-untrusted", { tls: true }));
    row("broker-certificate-expired", () => brokerRow("broker-certificate-expired", { tls: "expired" }));
    row("broker-wrong-name", () => brokerRow("broker-wrong-name", { tls: "other-host" }));
    row("broker-not-yet-valid", () => brokerRow("broker-not-yet-valid", { tls: "future" }, () => ({}), 10));

    row("broker-refuses-topic", async () => {
      const root = "sis/v1/lab/kiosk-17/up";
      const acl = [
        "user kiosk-17",
        ...["state", "info", "config", "alarm/+"].map((topic) => `topic write ${root}/${topic}`),
      ];
      await using strict = await startMosquitto({ users: { "kiosk-17": "p" }, acl });
      const sinceMs = Date.now();
      const access = { url: strict.url, protocol: 5, user: "kiosk-17", password: "p" } as const;
      await using device = startTestFleet(access);
      device.fleet.report(sessionOf("started"));
      const heard = { heard: () => alarmsAmong(device.decided) };
      await raisedIn("broker-refuses-topic", heard, sinceMs);
      strict.reload([...acl, `topic write ${root}/event/+`]);
      // The broker takes its time to read it.
      const again = setInterval(() => device.fleet.report(sessionOf("ended")), 200);
      await clearedIn(heard).finally(() => clearInterval(again));
    });

    // Twenty minutes without a twin are needed: two seconds here. Nothing is in time by a clock that fast.
    const fast = 600;
    const timings: BrokerTimings = {
      ...quickRetries,
      stableMs: quickRetries.stableMs * fast,
      acknowledgeTimeoutMs: quickRetries.acknowledgeTimeoutMs * fast,
      stopTimeoutMs: quickRetries.stopTimeoutMs * fast,
    };
    async function twins(id: FaultId, meet: (device: TestFleet) => Promise<Disposable | AsyncDisposable>, url: string) {
      const clock = quickClock(fast);
      await using device = startTestFleet({ url, protocol: 5 }, { device: id, timings, clock });
      await device.logged("connected");
      const sinceMs = clock.wallMs();
      const heard = { heard: () => alarmsAmong(device.decided.filter(onceEach())) };
      {
        await using stack = new AsyncDisposableStack();
        stack.use(await meet(device));
        await eventually(() => heard.heard().length > 0, "raised", 15_000);
        assert.ok(Date.now() - sinceMs <= knownFaults[id].withinMs);
        judgeRaised(id, heard.heard(), Number.POSITIVE_INFINITY);
      }
      await clearedIn(heard);
    }

    row("duplicate-id", async () => {
      await using front = await startFront({ do: "pass", port: broker.port });
      // DISCONNECT, reason code 0x8E: session taken over. Debian's mosquitto does not say it.
      const takenOver = Uint8Array.of(0xe0, 0x02, 0x8e, 0x00);
      const meet = () => Promise.resolve(front.interject(takenOver) ?? new DisposableStack());
      await twins("duplicate-id", meet, `mqtt://127.0.0.1:${front.port}`);
    });

    row("duplicate-id-unsaid", async () => {
      // The twin that finds out first would keep away for minutes, and the device would be left in peace.
      const stubborn = { device: "duplicate-id-unsaid", timings: quickRetries };
      const meet = () => Promise.resolve(startTestFleet({ url: broker.url, protocol: 5 }, stubborn));
      await twins("duplicate-id-unsaid", meet, broker.url);
    });
  });

  type Mend = () => void | Promise<void>;

  /** The fleet's room alone, on a clock that is moved by hand: for what would take hardware, or long. */
  async function byHand(
    id: FaultId,
    make: (lab: { readonly fleet: Fleet; readonly clock: ManualClock }) => Promise<Mend> | Mend,
  ): Promise<void> {
    const clock = new ManualClock();
    const messages: FleetMessage[] = [];
    const fleet = startByHand(clock, messages, null);
    const sinceMs = clock.wallMs();
    const mend = await make({ fleet, clock });
    await raisedByHand(id, clock, messages, sinceMs);
    await mend();
    await clearedByHand(clock, messages);
    await fleet.stop("test over");
  }

  function startByHand(clock: ManualClock, messages: FleetMessage[], stateDir: string | null): Fleet {
    const silent = { debug() {}, info() {}, warn() {}, error() {} };
    const fleet = startFleet({
      identity: { fleet: "lab", device: "kiosk-17", boot: "boot-1" },
      broker: null,
      info: deviceInfo,
      configHash: () => "h",
      publishTranscripts: false,
      homeAssistant: false,
      stateDir,
      executors: {},
      ...idle,
      clock,
      random: () => 0.5,
      logger: silent,
    });
    fleet.observe((message) => messages.push(message));
    return fleet;
  }

  async function raisedByHand(id: FaultId, clock: ManualClock, messages: readonly FleetMessage[], sinceMs: number) {
    const heard = () => alarmsAmong(messages);
    for (let ms = 0; heard().length === 0 && ms <= knownFaults[id].withinMs; ms += 100) await settle(clock, 100);
    judgeRaised(id, heard(), sinceMs);
  }

  async function clearedByHand(clock: ManualClock, messages: readonly FleetMessage[]) {
    const heard = () => alarmsAmong(messages);
    for (let s = 0; heard().at(-1)?.payload["status"] !== "cleared" && s < 180; s += 1) await settle(clock, 1_000);
    judgeCleared(heard());
  }

  /** Moves the clock on, and lets what reads files in the background have its turn. */
  async function settle(clock: ManualClock, ms: number): Promise<void> {
    clock.advance(ms);
    await passed(1);
  }

  /** An error of the network, as recognition reports it. */
  function networkError(code: string) {
    const ending = cannotReach("sis.example:443", Object.assign(new Error(code), { code }));
    assert.ok("fault" in ending);
    const { code: reported, class: errorClass, action, hint } = diagnoseFault(ending.fault);
    const { message } = ending.fault;
    return errorOf({
      kind: "UNREACHABLE",
      code: reported,
      class: errorClass,
      action,
      hint,
      message,
      retryInMs: 30_000,
    });
  }

  const unreachable: Readonly<Partial<Record<FaultId, string>>> = {
    "name-unknown": "ENOTFOUND",
    "dns-away": "EAI_AGAIN",
    "no-route": "ENETUNREACH",
    "tls-unknown-authority": "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "tls-expired": "CERT_HAS_EXPIRED",
    "tls-wrong-host": "ERR_TLS_CERT_ALTNAME_INVALID",
    "tls-not-yet-valid": "CERT_NOT_YET_VALID",
  };

  const losses = {
    "sound-unreadable": "unreadable",
    "sound-left": "stopped",
    "sound-missed": "capture",
    "sound-expired": "expired",
    "sound-spoiled": "disk",
  } as const;

  const errno = (code: string) => diskFault("/var/lib/x cannot be written", Object.assign(new Error(code), { code }));
  const disks = { "disk-full": "ENOSPC", "disk-read-only": "EROFS", "disk-failing": "EIO" } as const;

  /** What keeps sound on disk, as the agent has it, and a second of sound for it at a time. */
  function keeper(folder: string, clock: ManualClock, fleet: Fleet) {
    const spool = new Spool({
      folder,
      keeps: true,
      sampleRate: 8_000,
      maxBytes: 10_000_000,
      maxAgeMs: 3_600_000,
      clock,
      onTrouble: (fault) => fleet.notice({ type: "sound-disk", fault }),
      onLooked() {},
    });
    let position = 0;
    const second = () => {
      clock.advance(1_000);
      const samples = new Int16Array(8_000);
      if (spool.keep({ position, stream: "s", streamStart: 0, wallMs: clock.wallMs(), samples })) position += 8_000;
    };
    return { spool, second };
  }

  /** Another process that keeps its sound there. */
  async function startAnotherOwner(folder: string) {
    const claim = new URL("../../src/base/claim.ts", import.meta.url).href;
    const script = `import(${JSON.stringify(claim)}).then(({ claim }) => {
      claim(${JSON.stringify(folder)}, "has it");
      setInterval(() => process.stdout.write("."), 100);
    })`;
    const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    const gone = once(child, "exit");
    await once(child.stdout, "data");
    return {
      pid: child.pid,
      async [Symbol.asyncDispose]() {
        child.kill();
        await gone;
      },
    };
  }

  /** A folder that is gone when all is over. */
  function folderFor(id: FaultId): string {
    const folder = mkdtempSync(join(tmpdir(), `${id}-`));
    after(() => rmSync(folder, { recursive: true, force: true }));
    return join(folder, "audio");
  }

  describe("made by hand", { concurrency }, () => {
    for (const [id, code] of Object.entries(unreachable) as [FaultId, string][]) {
      row(id, () =>
        byHand(id, ({ fleet }) => {
          fleet.report(networkError(code));
          return () => fleet.report(sessionOf("started"));
        }),
      );
    }

    for (const [id, cause] of Object.entries(losses) as [FaultId, (typeof losses)[keyof typeof losses]][]) {
      row(id, () =>
        byHand(id, ({ fleet }) => {
          fleet.report({ ...gapReport, cause });
          return () => {};
        }),
      );
    }

    row("buffer-full", () =>
      byHand("buffer-full", ({ fleet, clock }) => {
        const log = new OpenLog({
          sampleRate: 16_000,
          capacityMs: 5_000,
          live: true,
          clock,
          onGap: (gap) => fleet.report({ type: "gap", ...gap }),
          ...inMemory,
        });
        log.openStream("s");
        for (let second = 0; second < 16; second += 1) log.append(new Int16Array(16_000));
        return () => {};
      }),
    );

    row("overrun", () =>
      byHand("overrun", ({ fleet }) => {
        // The log tells of the gap as well: still one alarm.
        fleet.report({ ...gapReport, cause: "overrun" });
        fleet.capture({ type: "overrun", lostMs: 250 });
        return () => {};
      }),
    );

    row("clock-off", () =>
      byHand("clock-off", ({ fleet, clock }) => {
        const service = serviceClock(clock);
        service.heard(clock.wallMs() + 1_200_000);
        let timer: Disposable;
        const look = () => {
          fleet.notice({ type: "clock", aheadMs: service.aheadMs() ?? 0 });
          timer = clock.after(10_000, look);
        };
        look();
        return () => {
          clock.stepWall(1_200_000);
          timer[Symbol.dispose]();
          look();
        };
      }),
    );

    for (const [id, code] of Object.entries(disks) as [FaultId, string][]) {
      row(id, () =>
        byHand(id, ({ fleet }) => {
          fleet.notice({ type: "sound-disk", fault: errno(code) });
          return () => fleet.notice({ type: "sound-disk", fault: null });
        }),
      );
    }

    row("disk-denied", () =>
      byHand("disk-denied", async ({ fleet, clock }) => {
        const folder = folderFor("disk-denied");
        writeFileSync(folder, "a file where the folder should be");
        const { spool, second } = keeper(folder, clock, fleet);
        second();
        await spool.written;
        return async () => {
          rmSync(folder);
          for (let n = 0; n < 10; n += 1) {
            second();
            await spool.written;
          }
          await spool.close();
        };
      }),
    );

    row("disk-slow", () =>
      byHand("disk-slow", async ({ fleet, clock }) => {
        const { spool, second } = keeper(folderFor("disk-slow"), clock, fleet);
        second();
        await Promise.resolve(); // it begins to write, and does not get on with it while the clock does
        for (let n = 0; n < 20; n += 1) second();
        return () => spool.close();
      }),
    );

    row("disk-in-use", async () => {
      const folder = folderFor("disk-in-use");
      const stateDir = dirname(folder);
      const clock = new ManualClock();
      const messages: FleetMessage[] = [];
      const owner = join(folder, "owner");
      {
        await using another = await startAnotherOwner(folder);
        const fleet = startByHand(clock, messages, stateDir);
        const sinceMs = clock.wallMs();
        const { spool } = keeper(folder, clock, fleet);
        await raisedByHand("disk-in-use", clock, messages, sinceMs);
        assert.match(readFileSync(owner, "utf8"), new RegExp(`"pid":${another.pid}`));
        await spool.close();
        await fleet.stop("restart");
      }
      const fleet = startByHand(clock, messages, stateDir);
      // An agent begins with this.
      fleet.notice({ type: "sound-disk", fault: null });
      const { spool } = keeper(folder, clock, fleet);
      await clearedByHand(clock, messages);
      await spool.close();
      await fleet.stop("test over");
    });

    row("panel-gone", () =>
      byHand("panel-gone", ({ fleet }) => {
        fleet.notice({ type: "panel", fault: new Fault("device-lost", "the panel went away") });
        return () => fleet.notice({ type: "panel", fault: null });
      }),
    );

    for (const [id, sick, well] of [
      ["hot", { "class/thermal/thermal_zone0/temp": "84000" }, { "class/thermal/thermal_zone0/temp": "60000" }],
      [
        "under-voltage",
        { "devices/platform/soc/soc:firmware/get_throttled": "50001" },
        { "devices/platform/soc/soc:firmware/get_throttled": "50000" },
      ],
    ] as const) {
      row(id, () =>
        byHand(id, async ({ fleet, clock }) => {
          const sys = mkdtempSync(join(tmpdir(), "sysfs-"));
          let readings = 0;
          const write = (files: Readonly<Record<string, string>>) => {
            for (const [name, text] of Object.entries(files)) {
              mkdirSync(dirname(join(sys, name)), { recursive: true });
              writeFileSync(join(sys, name), text);
            }
          };
          write(sick);
          const watch = watchHost({
            folder: sys,
            sys,
            clock,
            onReading({ hot, temperatureC, underVoltage }) {
              fleet.notice({ type: "temperature", hot, celsius: temperatureC });
              fleet.notice({ type: "power", tooLow: underVoltage === true });
              readings += 1;
            },
          });
          after(() => {
            watch[Symbol.dispose]();
            rmSync(sys, { recursive: true });
          });
          // Files are read behind the back of a clock that is moved by hand: it waits for them.
          await eventually(() => readings > 0, "the sensors are read");
          return async () => {
            write(well);
            const wanted = readings + 2; // the first of them may have begun before
            const isRead = () => {
              clock.advance(1_000);
              return readings >= wanted;
            };
            await eventually(isRead, "they are read again");
          };
        }),
      );
    }
  });
});

const fails = (words: string) => `says ${words}`;
/** What the microphone does, by fault; mended, it delivers sound. `later`: after there has been sound. */
const byMicrophone: Readonly<Partial<Record<FaultId, { readonly later: boolean; readonly does: string }>>> = {
  "microphone-missing": {
    later: false,
    does: fails("arecord: main:831: audio open error: No such file or directory"),
  },
  "microphone-busy": { later: false, does: fails("arecord: main:831: audio open error: Device or resource busy") },
  "microphone-denied": { later: false, does: fails("arecord: main:831: audio open error: Permission denied") },
  "microphone-wrong": { later: false, does: fails("arecord: set_params:1349: Channels count non available") },
  "sound-server-away": { later: false, does: fails("arecord: main:831: audio open error: Connection refused") },
  "microphone-unplugged": { later: true, does: fails("arecord: pcm_read:2221: read error: No such device") },
  "recorder-stalled": { later: true, does: "stall" },
  "microphone-muted": { later: true, does: "zeros" },
  "microphone-clipping": { later: true, does: "square" },
};

// After the others: recorders are timed.
describe("a fault made by the microphone", { concurrency: 10 }, () => {
  for (const [id, { later, does }] of Object.entries(byMicrophone) as [FaultId, { later: boolean; does: string }][]) {
    row(id, async () => {
      await using service = await startSimulator();
      let sinceMs = Date.now();
      await using device = await startFaultDevice(id, monitor, broker.url, {
        endpoint: service.url,
        microphone: later ? "noise" : does,
      });
      if (later) {
        await eventually(() => device.phase() === "streaming", "streaming");
        sinceMs = Date.now();
        device.microphone(does);
      }
      await raisedIn(id, device, sinceMs);
      device.microphone("noise");
      await clearedIn(device);
    });
  }

  row("recorder-missing", async () => {
    const folder = mkdtempSync(join(tmpdir(), "recorder-"));
    await using device = startTestFleet(null);
    const source = microphone({
      recorder: "arecord",
      device: join(folder, "microphone"),
      sampleRate: 16_000,
      env: { PATH: folder },
      clock: systemClock,
      random: () => 0.5,
      logger: { debug() {}, info() {}, warn() {}, error() {} },
    });
    const sinceMs = Date.now();
    source.start((event) => device.fleet.capture(event));
    const heard = { heard: () => alarmsAmong(device.decided) };
    await raisedIn("recorder-missing", heard, sinceMs);
    writeFileSync(join(folder, "microphone"), "zeros\n");
    installRecorder(folder);
    await clearedIn(heard);
    await source.stop();
    rmSync(folder, { recursive: true });
  });
});

describe("a fault made where it speaks", { concurrency }, () => {
  const cannotOpen = (why: string) => ({ player: "fails", says: `aplay: main:831: audio open error: ${why}` });
  const made: Readonly<Partial<Record<FaultId, Parameters<typeof speakTo>[2]>>> = {
    "speaker-missing": cannotOpen("No such file or directory"),
    "speaker-busy": cannotOpen("Device or resource busy"),
    "speaker-denied": cannotOpen("Permission denied"),
    "speaker-server-away": cannotOpen("Connection refused"),
    "speaker-unsuitable": { player: "fails", says: "aplay: set_params:1349: Channels count non available" },
    "speaker-unplugged": { player: "fails-in-sound", says: "aplay: pcm_write:2127: write error: No such device" },
    "player-missing": { path: "/nowhere" },
    "player-stalled": { player: "hangs" },
    "voice-unknown": { property: "nobody" },
  };
  for (const [id, trouble] of Object.entries(made) as [FaultId, Parameters<typeof speakTo>[2]][]) {
    row(id, async () => {
      await using service = await startSimulator({ voice: "dtmf" });
      await using device = startTestFleet(null);
      const heard = { heard: () => alarmsAmong(device.decided) };
      const sinceMs = Date.now();
      await speakTo(device.fleet, service.url, trouble);
      await raisedIn(id, heard, sinceMs);
      await speakTo(device.fleet, service.url, {});
      await clearedIn(heard);
    });
  }

  row("speech-away", async () => {
    await using service = await startSimulator({
      faults: [{ service: "rtts", fault: { kind: "refuse", status: 503, code: "SIS.0303", ...always } }],
    });
    await using device = startTestFleet(null);
    const heard = { heard: () => alarmsAmong(device.decided) };
    const sinceMs = Date.now();
    await speakTo(device.fleet, service.url, {});
    await raisedIn("speech-away", heard, sinceMs);
    await clearedIn(heard);
  });
});

test("every fault of the table is made here, and there are thirty and more", () => {
  assert.deepEqual(tested.toSorted(), Object.keys(knownFaults).toSorted());
  assert.ok(tested.length >= 30);
});
