import { main, Running } from "../../cli/process.ts";

/** `sis-agent fleet` as a user starts it, with its page on a port of its own. */
export interface ConsoleProcess extends AsyncDisposable {
  readonly running: Running;
  /** With a slash at its end. */
  readonly url: string;
  /** The fleet as the console tells programs. */
  fleet(): Promise<Readonly<Record<string, unknown>>>;
  /** Resolves with the fleet once `wanted` holds of it; rejects after 40 s, or what is given. */
  until(
    wanted: (fleet: Readonly<Record<string, unknown>>) => boolean,
    patienceMs?: number,
  ): Promise<Readonly<Record<string, unknown>>>;
}

export async function startConsole(broker: string, args: readonly string[] = []): Promise<ConsoleProcess> {
  const running = new Running(main, ["fleet", "--mqtt", broker, "--listen", "127.0.0.1:0", ...args]);
  await running.until(() => running.stdout.includes("\n"));
  const { url } = JSON.parse(running.stdout.slice(0, running.stdout.indexOf("\n"))) as { url: string };

  async function fleet() {
    return (await (await fetch(`${url}api/fleet`)).json()) as Record<string, unknown>;
  }
  return {
    running,
    url,
    fleet,
    async until(wanted, patienceMs = 40_000) {
      const deadlineMs = performance.now() + patienceMs;
      for (;;) {
        const seen = await fleet();
        if (wanted(seen)) return seen;
        if (performance.now() > deadlineMs) throw new Error(`in vain: ${JSON.stringify(seen).slice(0, 4000)}`);
        await new Promise((resolve) => setTimeout(resolve, 50)); // between two looks
      }
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}
