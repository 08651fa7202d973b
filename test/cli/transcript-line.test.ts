import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { test } from "node:test";
import { transcriptLine } from "../../src/cli/transcript-line.ts";
import { transcript } from "../fleet/samples.ts";

test("one line for every reader, whatever was said", async () => {
  const text = "a\u0085b\u2028c\u2029d\ne\rf";
  const line = transcriptLine({ ...transcript, text }, transcript.endMs);
  const lines: string[] = [];
  for await (const each of createInterface({ input: Readable.from([`${line}\n`]) })) lines.push(each);
  assert.equal(lines.length, 1);
  const read: unknown = JSON.parse(line);
  assert.ok(typeof read === "object" && read !== null && "text" in read && "type" in read);
  assert.deepEqual([read.type, read.text], ["transcript", text]);
  assert.doesNotMatch(line, /[\u0085\u2028\u2029]/);
});
