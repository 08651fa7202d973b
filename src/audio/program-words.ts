import { printable } from "../base/fault.ts";
import type { Logger } from "../base/logger.ts";
import { Lines } from "./lines.ts";

/** What a line that a sound program wrote to its standard error means. */
export type Remark<Failure> =
  /** Sound was dropped (a recorder), or came too late (a player). 0: it does not say how much. */
  { readonly type: "overrun"; readonly lostMs: number } | { readonly type: "failure"; readonly failure: Failure };

const loggedLines = 20;

/** Reads what a recorder or a player says. */
export class ProgramWords<Failure> {
  readonly #who: string;
  readonly #remarkOf: (line: string) => Remark<Failure> | null;
  readonly #logger: Logger;
  readonly #onOverrun: (lostMs: number) => void;
  readonly #lines = new Lines();
  #count = 0;
  #line = "";
  #failure: Failure | null = null;

  /** @param who "recorder" or "player" */
  constructor(
    who: string,
    remarkOf: (line: string) => Remark<Failure> | null,
    logger: Logger,
    onOverrun: (lostMs: number) => void,
  ) {
    this.#who = who;
    this.#remarkOf = remarkOf;
    this.#logger = logger;
    this.#onOverrun = onOverrun;
  }

  read(bytes: Uint8Array): void {
    for (const line of this.#lines.push(bytes)) this.#note(line);
  }

  /** All that was said: the last reason for a failure that is known, and the line that told it, or else the last line. */
  conclude(): { readonly failure: Failure | null; readonly line: string } {
    for (const line of this.#lines.end()) this.#note(line);
    return { failure: this.#failure, line: this.#line };
  }

  #note(line: string): void {
    this.#count += 1;
    if (this.#count <= loggedLines) this.#logger.debug(`${this.#who} says`, { line: printable(line) });
    const remark = this.#remarkOf(line);
    if (remark?.type === "overrun") this.#onOverrun(remark.lostMs);
    if (remark?.type === "failure") this.#failure = remark.failure;
    if (remark?.type === "failure" || this.#failure === null) this.#line = printable(line);
  }
}
