import { credentialsOf, encoderOf, rasrConfigOf } from "../../agent/parts.ts";
import { seededRandom } from "../../base/random.ts";
import { diagnose, diagnoseFault } from "../../sis/catalogue.ts";
import { dial } from "../../sis/dial.ts";
import type { Link, LinkEnding } from "../../sis/link.ts";
import type { Reply } from "../../sis/reply.ts";
import { encodeEnd, encodeStart, rasrUrl, sampleRateOf } from "../../sis/request.ts";
import type { Check } from "./examine.ts";
import { type Finding, fail, ok, skip } from "./finding.ts";
import type { Patient } from "./patient.ts";

const slow = "Check the network's delay and load; a firewall or proxy that holds connections looks like this too.";

export const credentialsCheck: Check = {
  name: "credentials",
  deadlineMs: 7000,
  mendIfLate: slow,
  async look(patient, signal) {
    const { method } = patient.configuration.secrets.service;
    const call = new Call(patient, signal);
    try {
      const refusal = await call.opened;
      if (refusal !== null) return refusal;
      return method === "none" ? skip("none are used: the service is on this machine") : ok(`accepted (${method})`);
    } finally {
      call.hangUp();
    }
  },
};

/** Silence is sent, not what the microphone hears: nobody's words leave the device for a test. */
export const sessionCheck: Check = {
  name: "session",
  deadlineMs: 8000,
  mendIfLate: slow,
  async look(patient, signal) {
    const { sis } = patient.configuration.settings;
    const startMs = patient.clock.monotonicMs();
    const call = new Call(patient, signal);
    try {
      const refusal = await call.opened;
      if (refusal !== null) return refusal;
      call.link.sendText(encodeStart(rasrConfigOf(sis)));
      const started = await call.until((reply) => reply.type === "START");
      if (started !== null) return started;
      const tenth = new Int16Array(sampleRateOf(sis.audio_format) / 10);
      for (let n = 0; n < 10; n += 1) call.link.sendAudio(encoderOf(sis)(tenth));
      call.link.sendText(encodeEnd(false));
      const ended = await call.until((reply) => reply.type === "END");
      if (ended !== null) return ended;
      return ok(`START, a second of silence and END took ${Math.round(patient.clock.monotonicMs() - startMs)} ms`);
    } finally {
      call.hangUp();
    }
  },
};

/** One connection to the service. */
class Call {
  readonly link: Link;
  /** Resolves when the service has accepted the connection (null), or with why it has not. */
  readonly opened: Promise<Finding | null>;
  readonly #replies: Reply[] = [];
  readonly #news = new EventTarget();
  #over: Finding | null = null;

  constructor({ configuration, clock }: Patient, signal: AbortSignal) {
    const { settings, secrets } = configuration;
    const opening = Promise.withResolvers<Finding | null>();
    this.opened = opening.promise;
    const credentials = credentialsOf(secrets.service, clock, seededRandom(String(process.pid)));
    this.link = dial({
      url: rasrUrl(settings.sis.endpoint, settings.sis.project_id, settings.sis.mode),
      credentials,
      clock,
      mark: () => 0,
      listener: {
        opened: () => opening.resolve(null),
        reply: (reply) => {
          this.#replies.push(reply);
          this.#news.dispatchEvent(new Event("news"));
        },
        malformed() {},
        confirmed() {},
        closed: (ending) => {
          this.#end(endingFinding(ending));
          opening.resolve(this.#over);
        },
      },
    });
    signal.addEventListener("abort", () => this.hangUp(), { once: true });
  }

  /** Resolves with null when the service has said what is `wanted`, or with what went wrong instead. */
  async until(wanted: (reply: Reply) => boolean): Promise<Finding | null> {
    for (;;) {
      for (let reply = this.#replies.shift(); reply !== undefined; reply = this.#replies.shift()) {
        if (wanted(reply)) return null;
        if (reply.type === "ERROR" || reply.type === "FATAL_ERROR") {
          const { meaning, hint } = diagnose(reply.code);
          const words = reply.message === meaning ? "" : ` (“${reply.message}”)`;
          return fail(`${reply.type} ${reply.code}: ${meaning}${words}`, hint);
        }
      }
      if (this.#over !== null) return this.#over;
      await new Promise<void>((resolve) => {
        this.#news.addEventListener("news", () => resolve(), { once: true });
      });
    }
  }

  hangUp(): void {
    this.link.destroy();
  }

  #end(finding: Finding): void {
    this.#over ??= finding;
    this.#news.dispatchEvent(new Event("news"));
  }
}

function endingFinding(ending: LinkEnding): Finding {
  switch (ending.how) {
    case "refused":
      return fail(
        `refused: ${ending.diagnosis.code}, ${ending.diagnosis.meaning} (“${ending.message}”)`,
        ending.diagnosis.hint,
      );
    case "unreachable":
    case "dead":
      return fail(ending.fault.message, diagnoseFault(ending.fault).hint);
    case "closed":
      return fail(`the service hung up (${ending.code}${ending.reason === "" ? "" : `, ${ending.reason}`})`, slow);
  }
}
