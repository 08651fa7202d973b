import { type EmbeddedBroker, startEmbeddedBroker } from "../../src/simulator/broker.ts";

/** A broker that can be taken away for a while, and keeps its address. */
export class AbsentBroker implements AsyncDisposable {
  #broker: EmbeddedBroker | null;
  readonly #port: number;
  readonly url: string;

  private constructor(broker: EmbeddedBroker) {
    this.#broker = broker;
    this.#port = broker.port;
    this.url = broker.url;
  }

  static async start(): Promise<AbsentBroker> {
    return new AbsentBroker(await startEmbeddedBroker({ port: 0, onPublish() {} }));
  }

  async leave(): Promise<void> {
    const broker = this.#broker;
    this.#broker = null;
    await broker?.[Symbol.asyncDispose]();
  }

  async comeBack(): Promise<void> {
    this.#broker ??= await startEmbeddedBroker({ port: this.#port, onPublish() {} });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.leave();
  }
}
