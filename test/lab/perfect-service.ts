import { recognitionLab, result } from "./recognition.ts";

type Lab = ReturnType<typeof recognitionLab>;

/** A connection to a perfect service: half a second after each loud stretch it gives the word, and it answers each END. */
export class Heard {
  readonly link: () => Lab["link"];
  readonly #sentence: { readonly headMs: number } | null;
  readonly #untold: object[] = [];
  /** Of the session: its sound so far, and where something loud has begun in it; null: nothing has, or there is no session. */
  #session: { ms: number; from: number | null; quiet: number } | null = null;
  openedAtMs: number | null = null;

  constructor(link: () => Lab["link"], sentence: { readonly headMs: number } | null) {
    this.link = link;
    this.#sentence = sentence;
  }

  get sessionMs(): number {
    return this.#session?.ms ?? 0;
  }

  onText(command: object): void {
    if ("command" in command && command.command === "START") {
      this.#session = { ms: 0, from: null, quiet: 0 };
      this.#untold.push({ resp_type: "START", trace_id: `trace-${Math.random()}` });
    } else this.over();
  }

  onAudio(bytes: Uint8Array): void {
    const session = this.#session;
    if (session === null) return;
    const samples = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
    const loud = Math.abs(samples[3] ?? 0) > 1000;
    if (loud) session.from ??= session.ms;
    session.quiet = loud ? 0 : session.quiet + 1;
    session.ms += samples.length / 8;
    if (session.from !== null && session.quiet === 5) {
      // Without a trace id: it is about the session that runs.
      const word = { ...result(session.from, session.ms, "word"), trace_id: null };
      session.from = null;
      if (this.#sentence === null) this.#untold.push(word);
      else this.over({ resp_type: "EVENT", event: "VOICE_END", trace_id: "t" }, word);
    } else if (this.#sentence !== null && session.from === null) {
      const { headMs } = this.#sentence;
      if (headMs > 0 && session.ms > headMs)
        this.over({ resp_type: "EVENT", event: "EXCEEDED_SILENCE", trace_id: "t" });
      else if (session.ms > 60_000) this.over({ resp_type: "EVENT", event: "EXCEEDED_AUDIO", trace_id: "t" });
    }
  }

  /** The session ends, of its own accord or because it was asked to. */
  over(...before: object[]): void {
    if (this.#session === null) return;
    this.#session = null;
    this.#untold.push(...before, { resp_type: "END", reason: "NORMAL", trace_id: "t" });
  }

  tell(): void {
    for (let next = this.#untold.shift(); next !== undefined; next = this.#untold.shift()) this.link().say(next);
  }
}

const loud = (ms: number) => ((ms * 8) % 2 === 0 ? 5_000 : -5_000);

/** A quiet room, then a word now and then, and a service whose connections come to harm. */
export function listen(options: {
  readonly mode?: "continuous" | "sentence";
  readonly vadHead?: number;
  readonly quietMs: number;
  readonly forMs: number;
  /** From the beginning of a word to that of the next one; half a minute by default. */
  readonly everyMs?: number;
  /** What the sound is where nobody speaks; by default as good as nothing. */
  readonly noise?: (ms: number) => number;
  /** Whether a connection answers nothing any more, but its pings. @param nth as below */
  readonly hangs?: (ageMs: number, nth: number) => boolean;
  /** @param nth which connection it is, from 1 on */
  readonly harm: (heard: Heard, ageMs: number, nth: number) => void;
}) {
  const { mode = "continuous", vadHead, quietMs, forMs, everyMs = 30_000, harm } = options;
  const { noise = () => 1, hangs = () => false } = options;
  const all: Heard[] = [];
  const lab = recognitionLab({
    mode,
    config: {
      audioFormat: "pcm8k16bit",
      property: "chinese_8k_common",
      ...(vadHead === undefined ? {} : { vadHead }),
    },
    memoryMs: 3_600_000,
    onDial: (link) => {
      const heard = new Heard(link, mode === "sentence" ? { headMs: vadHead ?? 10_000 } : null);
      all.push(heard);
      return { onText: (command) => heard.onText(command), onAudio: (bytes) => heard.onAudio(bytes) };
    },
  });
  for (let ms = 0; ms < forMs; ms += 100) {
    lab.capture(100, (at) => (at > quietMs && at % everyMs < 1000 ? loud(at) : noise(at)));
    for (const heard of all.filter(({ link }) => !link().ended)) {
      if (heard.openedAtMs === null) heard.link().open();
      heard.openedAtMs ??= ms;
      const nth = all.indexOf(heard) + 1;
      if (!hangs(ms - heard.openedAtMs, nth)) heard.tell();
      harm(heard, ms - heard.openedAtMs, nth);
    }
  }
  return { lab, words: Math.floor((forMs - quietMs) / everyMs) };
}
