import { type Random, seededRandom } from "../../../src/base/random.ts";
import type { LinkListener } from "../../../src/sis/link.ts";
import type { ManualClock } from "../../lab/manual-clock.ts";
import { ModelService, type Trouble } from "../../lab/model-service.ts";
import { ScriptedLink } from "../../lab/scripted-link.ts";
import type { EarOptions } from "./ear-options.ts";
import type { Stretch } from "./ear-rights.ts";
import { perMs, type Room } from "./room.ts";

/** The service at the other end: it recognises what sounded in the room, and speaks. */
export class PlayedService {
  readonly #options: EarOptions;
  readonly #room: Room;
  readonly #sent: Stretch[];
  readonly #random: Random;
  readonly #plan: Trouble[];

  /** @param sent takes when what it is given sounded */
  constructor(options: EarOptions, room: Room, sent: Stretch[]) {
    this.#options = options;
    this.#room = room;
    this.#sent = sent;
    this.#random = seededRandom(options.seed);
    this.#plan = [...options.plan];
  }

  dial(clock: ManualClock, what: "ear" | "voice", listener: LinkListener, mark: () => number): ScriptedLink {
    const handlers = what === "ear" ? this.#ear(clock, () => link) : this.#voice(clock, () => link);
    const link: ScriptedLink = new ScriptedLink(listener, mark, handlers);
    return link;
  }

  #ear(clock: ManualClock, link: () => ScriptedLink) {
    const { mode, speed } = this.#options;
    let service: ModelService | null = null;
    const theService = () => {
      service ??= new ModelService(mode, link(), clock, this.#random, () => this.#plan.shift() ?? "none", speed);
      return service;
    };
    clock.after(1, () => {
      if (!link().ended) theService();
    });
    return {
      onText: (message: { readonly command: string }) => theService().handlers.onText(message),
      onAudio: (bytes: Uint8Array) => {
        // A copy. `slice` of a Buffer is none.
        const samples = new Int16Array(Uint8Array.from(bytes).buffer);
        this.#sent.push(...this.#room.timesOf(samples));
        theService().handlers.onAudio(this.#room.wordsOf(samples));
      },
    };
  }

  /** A text becomes sound of half a second and more. */
  #voice(clock: ManualClock, link: () => ScriptedLink) {
    clock.after(20, () => link().open());
    return {
      onText: () => {
        clock.after(50, () => {
          link().say({ resp_type: "START", trace_id: "v" });
          link().sound(new Uint8Array(2 * perMs * Math.round(500 + this.#random() * 2_000)));
          link().say({ resp_type: "END", trace_id: "v", reason: "NORMAL" });
        });
      },
    };
  }
}
