import assert from "node:assert/strict";
import { lookup } from "node:dns/promises";
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { atMost, systemClock } from "../../src/base/clock.ts";
import { cacheKey, SpeechCache } from "../../src/synthesis/cache.ts";
import { hangingFile } from "../lab/hanging-file.ts";

interface Kept extends AsyncDisposable {
  readonly folder: string;
  readonly cache: SpeechCache;
  readonly warnings: string[];
}

async function kept(mostBytes = 1_000_000): Promise<Kept> {
  const root = await mkdtemp(join(tmpdir(), "speech-cache-"));
  const folder = join(root, "speech");
  const warnings: string[] = [];
  const logger = { debug() {}, info() {}, warn: (message: string) => void warnings.push(message), error() {} };
  return {
    folder,
    cache: new SpeechCache(folder, mostBytes, logger),
    warnings,
    [Symbol.asyncDispose]: () => rm(root, { recursive: true }),
  };
}

const sound = (length: number, value = 1) => new Int16Array(length).fill(value);

suite("kept speech", () => {
  test("comes back as it was, from files that only their owner may read and whose names tell nothing", async () => {
    await using lab = await kept();
    const key = cacheKey("secret", { audioFormat: "pcm", sampleRate: 8000 });
    assert.equal(await lab.cache.read(key), null);
    await lab.cache.write(key, [sound(10, 1), sound(5, -2)]);
    assert.deepEqual(await lab.cache.read(key), Int16Array.from([...sound(10, 1), ...sound(5, -2)]));
    const [name] = await readdir(lab.folder);
    assert.match(name ?? "", /^[0-9a-f]{64}\.speech$/);
    assert.equal((await stat(join(lab.folder, name ?? ""))).mode & 0o777, 0o600);
    assert.equal((await stat(lab.folder)).mode & 0o777, 0o700);
    assert.deepEqual(lab.warnings, []);
  });

  test("text, voice, rate, speed, pitch, volume and format each make it another", () => {
    const config = { audioFormat: "pcm", sampleRate: 8000 } as const;
    const keys = [
      cacheKey("a", config),
      cacheKey("b", config),
      cacheKey("a", { ...config, audioFormat: "ulaw" }),
      cacheKey("a", { ...config, sampleRate: 16_000 }),
      cacheKey("a", { ...config, property: "p" }),
      cacheKey("a", { ...config, speed: 1 }),
      cacheKey("a", { ...config, pitch: 1 }),
      cacheKey("a", { ...config, volume: 1 }),
    ];
    assert.equal(new Set(keys).size, keys.length);
  });

  test("what was used longest ago goes first, and drafts of a killed run go, too", async () => {
    await using lab = await kept(3 * 2012 + 100);
    for (const [n, key] of ["a", "b", "c"].entries()) {
      await lab.cache.write(key, [sound(1000)]);
      await utimes(join(lab.folder, `${key}.speech`), n + 1, n + 1);
    }
    await writeFile(join(lab.folder, "left-over.draft"), "x");
    assert.ok((await lab.cache.read("a")) !== null); // used just now
    await lab.cache.write("d", [sound(1000)]);
    assert.deepEqual((await readdir(lab.folder)).toSorted(), ["a.speech", "c.speech", "d.speech"]);
  });

  test("what is larger than all there may be is not kept", async () => {
    await using lab = await kept(100);
    await lab.cache.write("a", [sound(1000)]);
    assert.equal(await lab.cache.read("a"), null);
  });

  test("a damaged file is thrown away, whatever byte is wrong", async () => {
    await using lab = await kept();
    await lab.cache.write("a", [sound(4)]);
    const file = join(lab.folder, "a.speech");
    const good = await readFile(file);
    for (const bad of [
      good.subarray(0, 5),
      good.subarray(0, -1),
      good.subarray(0, -2),
      flipped(good, 0),
      flipped(good, 9),
      flipped(good, 15),
    ]) {
      await writeFile(file, bad);
      assert.equal(await lab.cache.read("a"), null);
      await assert.rejects(stat(file), { code: "ENOENT" });
    }
    assert.equal(lab.warnings.length, 6);
  });

  test("a folder that cannot be written costs no more than a warning", async () => {
    await using lab = await kept();
    await writeFile(lab.folder, "a file in its place");
    await lab.cache.write("a", [sound(4)]);
    assert.equal(await lab.cache.read("a"), null);
    assert.ok(lab.warnings.length > 0);
  });

  test("nor does a folder that cannot be made", { timeout: 20_000 }, async () => {
    const warnings: string[] = [];
    const logger = { debug() {}, info() {}, warn: (message: string) => void warnings.push(message), error() {} };
    const cache = new SpeechCache("/proc/nowhere/speech", 1_000_000, logger);
    await cache.write("a", [sound(4)]);
    assert.equal(await cache.read("a"), null);
    assert.deepEqual(warnings, ["kept speech cannot be written"]);
  });

  test("a disk that hangs costs a thread at the most, and what is too much for it is let go", async () => {
    await using lab = await kept();
    const asked: Promise<unknown>[] = [];
    {
      using _hanging = hangingFile(join(lab.folder, "a.speech"));
      for (let n = 0; n < 8; n += 1) asked.push(lab.cache.read("a"));
      assert.notEqual(await atMost(systemClock, 10_000, lookup("localhost")), null, "names can be looked up");
      await lab.cache.write("b", [sound(4)]);
      assert.deepEqual(lab.warnings, ["kept speech cannot be used"]);
    }
    await Promise.all(asked);
    await lab.cache.write("b", [sound(4)]);
    assert.deepEqual(await lab.cache.read("b"), sound(4));
  });
});

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}
