import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { suite, test } from "node:test";
import { Link } from "../../scripts/benchmark/peers/link.ts";
import { plot } from "../../scripts/benchmark/peers/plot.ts";
import { chapter, summaryLine } from "../../scripts/benchmark/peers/report.ts";
import type { PeersResult } from "../../scripts/benchmark/peers/run.ts";
import { type Outcome, together } from "../../scripts/benchmark/peers/scene.ts";
import { accountWords, type Hearing, judgeable, liveFrom } from "../../scripts/benchmark/peers/words.ts";
import { numberWord, plainNumbers } from "../../src/simulator/numbers.ts";
import { eventually } from "../system/lab/processes.ts";

const shape = plainNumbers(16_000);

/** Words as they are heard when each takes `lateMs` from its end on. */
function heard(numbers: readonly number[], lateMs: number | ((number: number) => number) = 700): Hearing[] {
  return numbers.map((number) => {
    const { text, endMs } = numberWord(number, shape);
    return { text, atMs: endMs + (typeof lateMs === "number" ? lateMs : lateMs(number)) };
  });
}

suite("words", () => {
  test("each word once is nothing lost and nothing doubled, also where results hold several", () => {
    const hearings = [...heard([1, 2]), { text: "0003 0004", atMs: 9000 }];
    assert.deepEqual(accountWords(4, hearings, shape), { spoken: 4, lost: 0, doubled: 0, pieces: 0 });
  });

  test("what is missing is lost, what comes again is doubled, and a piece is neither", () => {
    const hearings = [...heard([1, 2, 2, 4, 2]), { text: "05", atMs: 9000 }];
    assert.deepEqual(accountWords(5, hearings, shape), { spoken: 5, lost: 2, doubled: 2, pieces: 1 });
  });

  test("a word that was never spoken is a piece", () => {
    assert.deepEqual(accountWords(2, heard([1, 2, 3]), shape), { spoken: 2, lost: 0, doubled: 0, pieces: 1 });
  });
});

suite("live", () => {
  const fromMs = numberWord(3, shape).startMs - 100;

  test("from the first word after the fault on that is heard promptly, as are all that follow", () => {
    assert.equal(liveFrom(fromMs, 6, heard([1, 3, 4, 5, 6]), shape), numberWord(3, shape).startMs);
    assert.equal(liveFrom(fromMs, 6, heard([1, 5, 6]), shape), numberWord(5, shape).startMs);
    assert.equal(liveFrom(fromMs, 6, heard([3, 5, 6]), shape), numberWord(5, shape).startMs);
  });

  test("not while what waits is worked off", () => {
    const hearings = heard([1, 2, 3, 4, 5, 6], (number) => (number < 5 ? 20_000 - 3500 * number : 700));
    assert.equal(liveFrom(fromMs, 6, hearings, shape), numberWord(5, shape).startMs);
  });

  test("a word that comes again was heard when it came first", () => {
    const hearings = [...heard([3, 4]), ...heard([3, 4], 9000)];
    assert.equal(liveFrom(fromMs, 4, hearings, shape), numberWord(3, shape).startMs);
  });

  test("not if the last word is missing, late, or before the fault", () => {
    assert.equal(liveFrom(fromMs, 6, heard([3, 4, 5]), shape), null);
    assert.equal(liveFrom(fromMs, 4, heard([3, 4], 3100), shape), null);
    assert.equal(liveFrom(fromMs, 2, heard([1, 2]), shape), null);
  });

  test("a word is judged 3 s after its end", () => {
    const { endMs } = numberWord(2, shape);
    assert.equal(judgeable(endMs + 2999, shape), 1);
    assert.equal(judgeable(endMs + 3000, shape), 2);
    assert.equal(judgeable(0, shape), 0);
  });
});

/** A service that gives back what it gets, and a client's link to it. */
async function linkLab() {
  const service = createServer((socket) => {
    socket.on("error", () => {});
    socket.pipe(socket);
  });
  service.listen(0, "127.0.0.1");
  await once(service, "listening");
  const address = service.address();
  assert.ok(address !== null && typeof address === "object");
  const link = await Link.open(address.port);
  const sockets: Socket[] = [];
  return {
    link,
    /** A connection of the client, and what became of it. */
    dial() {
      const socket = connect(link.port, "127.0.0.1");
      sockets.push(socket);
      const seen = { socket, got: "", end: "" };
      socket.on("data", (bytes) => {
        seen.got += bytes.toString();
      });
      socket.on("error", (error) => {
        seen.end = "code" in error ? String(error.code) : error.message;
      });
      socket.on("close", () => {
        seen.end ||= "closed";
      });
      return seen;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await link[Symbol.asyncDispose]();
      service.close();
    },
  };
}

suite("a link", () => {
  test("passes bytes, resets, and takes new connections", async () => {
    await using lab = await linkLab();
    const first = lab.dial();
    first.socket.write("a");
    await eventually(() => first.got === "a", "the echo");
    lab.link.reset();
    await eventually(() => first.end === "ECONNRESET", "the reset");
    const second = lab.dial();
    second.socket.write("b");
    await eventually(() => second.got === "b", "the echo");
  });

  test("keeps no socket that it resets while it is ending it", async () => {
    await using lab = await linkLab();
    const onSocket = (message: unknown) => {
      const { socket } = message as { socket: Socket };
      if (socket.localPort !== lab.link.port) return;
      // Between its end and what the system makes of it there is but a moment.
      socket.once("end", () => process.nextTick(() => process.nextTick(() => lab.link.reset())));
    };
    subscribe("net.server.socket", onSocket);
    const client = lab.dial();
    client.socket.write("a");
    await eventually(() => client.got === "a", "the echo");
    client.socket.end();
    await eventually(() => client.end !== "", "the end");
    unsubscribe("net.server.socket", onSocket);
    const sockets = () => process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap");
    await eventually(() => sockets().length === 0, "no socket is left");
  });

  test("refuses for a while, on the port that it had", async () => {
    await using lab = await linkLab();
    const { port } = lab.link;
    await lab.link.refuse();
    const refused = lab.dial();
    await eventually(() => refused.end === "ECONNREFUSED", "the refusal");
    await lab.link.mend();
    assert.equal(lab.link.port, port);
    const later = lab.dial();
    later.socket.write("c");
    await eventually(() => later.got === "c", "the echo");
  });

  test("falls silent without a sign; whoever has held on is reset in the end", async () => {
    await using lab = await linkLab();
    const before = lab.dial();
    before.socket.write("a");
    await eventually(() => before.got === "a", "the echo");
    lab.link.fallSilent();
    before.socket.write("b");
    const during = lab.dial();
    await once(during.socket, "connect");
    during.socket.write("c");
    await eventually(() => {
      lab.link.onWritten(during.socket.localPort ?? 0, during.socket.bytesWritten);
      return lab.link.mostUnread === 1;
    }, "the link knows of it");
    assert.deepEqual([before.got, before.end, during.got, during.end], ["a", "", "", ""]);
    lab.link.onWritten(before.socket.localPort ?? 0, 2 + 65_536);
    assert.equal(lab.link.mostUnread, 65_537);
    await lab.link.mend();
    await eventually(() => before.end === "ECONNRESET" && during.end === "ECONNRESET", "the resets");
    assert.deepEqual([before.got, during.got], ["a", ""]);
  });

  test("shows out whoever connects", async () => {
    await using lab = await linkLab();
    lab.link.showOut();
    const shown = lab.dial();
    await eventually(() => shown.end === "closed", "the end");
    await lab.link.mend();
    const later = lab.dial();
    later.socket.write("d");
    await eventually(() => later.got === "d", "the echo");
  });

  test("stalls, counts what the far end has not taken, and brings it in the end", async () => {
    await using lab = await linkLab();
    const client = lab.dial();
    client.socket.write("a");
    await eventually(() => client.got === "a", "the echo");
    lab.link.stall();
    const sound = "x".repeat(300_000);
    client.socket.write(sound);
    lab.link.onWritten(client.socket.localPort ?? 0, client.socket.bytesWritten);
    assert.ok(lab.link.mostUnread > 200_000, String(lab.link.mostUnread));
    assert.equal(client.got, "a");
    await lab.link.mend();
    await eventually(() => client.got === `a${sound}`, "the echo of all");
  });
});

suite("the report", () => {
  const outcome = (lost: number, liveMs: number | null): Outcome => {
    return { spoken: 20, lost, doubled: 0, pieces: 0, liveMs, attempts: 3, megabytes: 70, mostUnread: 12_000 };
  };
  const client = (name: string, cpuMsPerSecond: number, ofReset: Outcome) => {
    const outcomes = new Map([
      ["none" as const, outcome(0, 0)],
      ["reset" as const, ofReset],
    ]);
    return { name, title: name, cpuMsPerSecond: [cpuMsPerSecond - 1, cpuMsPerSecond + 1], outcomes };
  };
  const result: PeersResult = {
    clients: [client("sis-agent", 3, outcome(0, 1400)), client("bare-ws", 2, outcome(15, null))],
    faults: ["none", "reset"],
    measure: { warmUpSeconds: 1, seconds: 2 },
    sideBySide: false,
  };

  test("for programs is one object, by client and fault", () => {
    assert.deepEqual(JSON.parse(summaryLine(result)), {
      clients: {
        "sis-agent": {
          cpu_ms_per_s: 3,
          rss_mb: 70,
          faults: { none: { lost: 0, doubled: 0, attempts: 3 }, reset: { lost: 0, doubled: 0, attempts: 3 } },
        },
        "bare-ws": {
          cpu_ms_per_s: 2,
          rss_mb: 70,
          faults: { none: { lost: 0, doubled: 0, attempts: 3 }, reset: { lost: 15, doubled: 0, attempts: 3 } },
        },
      },
    });
  });

  test("adds up what all processes of a client have made of it", () => {
    const [one, other] = [outcome(0, 1400), { ...outcome(2, 900), megabytes: 80 }];
    const both = { ...one, spoken: 40, lost: 2, liveMs: 1400, attempts: 6, megabytes: 75 };
    assert.deepEqual(together([one, other]), both);
    assert.equal(together([one, outcome(0, null)]).liveMs, null, "one of them was never live again");
  });

  test("for people has a column a fault, and tells who was never live again", () => {
    const text = chapter(result);
    assert.match(text, /\| sis-agent \| 3\.00 \| 2\.00, 4\.00 \| 1\.50 × \| 70 \| 1\.00 × \|/);
    assert.match(text, /\| Words lost, and doubled \| none \| reset \|\n/);
    assert.match(text, /\| bare-ws \| 0 \| 15 \|\n\| \*words spoken\* \| 20 \| 20 \|/);
    assert.match(text, /\| bare-ws \| never \|/);
  });

  test("as a picture has a bar for each client and fault, and all its tags are closed", () => {
    const svg = plot(result);
    assert.equal(svg.match(/never/g)?.length, 1);
    assert.match(svg, /width="195\.0"/, "15 of 20 words is three quarters of the panel");
    const tags = svg.match(/<[^>]+>/g) ?? [];
    const opened = tags.filter((tag) => !tag.startsWith("</") && !tag.endsWith("/>")).length;
    assert.equal(opened, tags.filter((tag) => tag.startsWith("</")).length);
  });
});
