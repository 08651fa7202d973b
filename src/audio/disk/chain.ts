/** Runs one piece of work after the other, in the order in which it was given. Work deals with its own failures. */
export class Chain {
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;

  /** Whether something is being done, or waits to be. */
  get busy(): boolean {
    return this.#waiting > 0;
  }

  /** Resolves when everything given so far is done. */
  get done(): Promise<void> {
    return this.#last;
  }

  add(work: () => Promise<void> | void): void {
    this.#waiting += 1;
    this.#last = this.#last.then(work).finally(() => {
      this.#waiting -= 1;
    });
  }
}
