import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../../src/base/clock.ts";
import type { Fleet } from "../../../src/fleet/fleet.ts";
import { dial } from "../../../src/sis/dial.ts";
import { rttsUrl } from "../../../src/sis/rtts.ts";
import { openSpeaker } from "../../../src/synthesis/speaker.ts";
import { Speech } from "../../../src/synthesis/speech.ts";

const fakes = fileURLToPath(new URL("fake-player", import.meta.url));
const credentials = { authorize: () => Promise.resolve({}), refused() {}, expiresAtMs: () => null };
const silentLogger = { debug() {}, info() {}, warn() {}, error() {} };

/** Speaks a text through a service and a stand-in for aplay, as an agent does that reports to `fleet`. */
export async function speakTo(
  fleet: Pick<Fleet, "speech">,
  endpoint: string,
  options: { readonly property?: string; readonly player?: string; readonly says?: string; readonly path?: string },
): Promise<void> {
  const { property, player = "keeps", says = "", path = [fakes, "/usr/bin", "/bin"].join(delimiter) } = options;
  const clock = systemClock;
  const speech = new Speech({
    service: {
      dial: (listener) => dial({ url: rttsUrl(endpoint, "p"), credentials, clock, listener, mark: () => 0 }),
      credentialsRefused() {},
      clock,
      random: () => 0.5,
      onError: (error) => fleet.speech(error),
      onFetched: () => fleet.speech({ result: "fetched" }),
      onIrregularity() {},
    },
    config: { audioFormat: "pcm", sampleRate: 8000, ...(property !== undefined && { property }) },
    openSink: () =>
      openSpeaker({
        player: "aplay",
        device: "default",
        sampleRate: 8000,
        gainDb: 0,
        env: {
          PATH: path,
          FAKE_PLAYER: player,
          FAKE_WORDS: says,
          FAKE_FILE: "/dev/null",
        },
        clock,
        logger: silentLogger,
        onSpeaking() {},
      }),
    cache: null,
    onOutcome: (outcome) => fleet.speech(outcome),
    clock,
  });
  await speech.say({ text: "1" });
  await speech.stop();
}
