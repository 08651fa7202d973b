import assert from "node:assert/strict";
import { test } from "node:test";
import { longestSeconds, shortestSeconds, storyOf } from "../../src/cli/demo/story.ts";
import { voice, wordInMiddle, wordsSaid, wordsWithin } from "../../src/cli/demo/words.ts";
import { accountNumbers } from "../../src/simulator/numbers.ts";
import { Recogniser } from "../../src/simulator/recogniser.ts";

/** What the agent may need at most, ms: see fleet/diagnosis.ts, fleet/alarm-machine.ts, recognition/retry.ts. */
const debounceMs = 2_000;
const clearMs = 4_000;
const longestFirstWaitMs = 2_000;

test("every story has room for its outage, the alarm, its clearing, and the last words", () => {
  for (let seconds = shortestSeconds; seconds <= longestSeconds; seconds += 0.5) {
    const story = storyOf(seconds);
    const { errorAtMs, fatalAtMs, closedMs, retryAfterS, wordsMs, endMs } = story;
    const retryMs = retryAfterS * 1_000;
    assert.ok(errorAtMs >= 800 && fatalAtMs - errorAtMs >= 1_000, `two turns apart: ${JSON.stringify(story)}`);
    assert.ok(closedMs > longestFirstWaitMs, "the first attempt after the FATAL_ERROR finds the service closed");
    assert.ok(closedMs > debounceMs, "the outage becomes an alarm");
    // The last attempt that is refused comes as the service opens; Retry-After may be stretched by a quarter.
    const backMs = fatalAtMs + closedMs + retryMs * 1.25;
    assert.ok(backMs + clearMs < endMs, `the alarm is cleared before the end: ${JSON.stringify(story)}`);
    assert.ok(
      wordsMs > backMs && wordsMs <= endMs - 2_000,
      "words come after the outage, and end before the story does",
    );
  }
});

test("trouble comes within the first quarter of a minute, however long the story is", () => {
  assert.ok(storyOf(600).fatalAtMs <= 15_000);
  assert.ok(storyOf(30).errorAtMs > 3_000, "but not before something was seen to work");
});

test("the voice says so many words, whole, and then nothing", () => {
  const words = wordsWithin(5_000);
  const pieces = [voice(0, 40_001, words), voice(40_001, 60_000, words), voice(100_001, 59_999, words)];
  const recogniser = new Recogniser({
    sampleRate: 16_000,
    vadTailMs: 500,
    longestMs: 30_000,
    interim: false,
    voiceDbfs: -45,
  });
  const findings = [...pieces.flatMap((piece) => recogniser.push(piece)), ...recogniser.finish()];
  const texts = findings.flatMap((finding) =>
    finding.type === "segment" ? finding.words.map(({ text }) => text) : [],
  );
  assert.deepEqual(accountNumbers(words, texts, 4), {
    sent: 4,
    heard: 4,
    lost: 0,
    doubled: 0,
    outOfOrder: 0,
    other: 0,
  });
});

test("a word counts as said when it is complete, and as being said from its second third on", () => {
  // Word 2 lasts from 1500 to 1860 ms.
  assert.deepEqual(
    [1_859, 1_860].map((ms) => wordsSaid(ms, 9)),
    [1, 2],
  );
  assert.deepEqual(
    [1_500, 1_619, 1_620, 1_859, 1_860].map((ms) => wordInMiddle(ms, 9)),
    [null, null, "0002", "0002", null],
  );
  assert.equal(wordsSaid(60_000, 9), 9, "never more than there are");
  assert.equal(wordInMiddle(1_700, 1), null, "the voice has fallen silent");
});
