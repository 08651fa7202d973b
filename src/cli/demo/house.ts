import { startAgent } from "../../agent.ts";
import type { Clock } from "../../base/clock.ts";
import { startEmbeddedBroker } from "../../simulator/broker.ts";
import type { Simulator } from "../../simulator/options.ts";
import { startSimulator } from "../../simulator/simulator.ts";
import { silent } from "../logging.ts";
import { build, version } from "../version.ts";
import type { Happening } from "./happening.ts";
import { writeConfiguration } from "./settings.ts";
import type { Sound } from "./sound.ts";

/** Service, fleet broker and agent, at work. */
export interface House {
  readonly service: Pick<Simulator, "addFault" | "state">;
  /** Resolves when the agent has ended, by itself or stopped. */
  readonly ended: Promise<unknown>;
  /**
   * Stops the agent in good order, then the rest; resolves when all is let go of.
   * @param patienceMs after it the agent loses service and broker, which hurries it
   */
  close(reason: string, patienceMs: number): Promise<void>;
}

/** Starts the simulator and the broker on loopback ports that are free, and the agent against them. */
export async function openHouse(options: {
  readonly sound: Sound;
  /** For the configuration and the agent's state. */
  readonly directory: string;
  readonly clock: Clock;
  readonly onHappening: (what: Happening) => void;
}): Promise<House> {
  const { sound, directory, clock, onHappening } = options;
  await using services = new AsyncDisposableStack();
  const service = services.use(await startSimulator({ clock }));
  const broker = services.use(
    await startEmbeddedBroker({ port: 0, onPublish: (message) => onHappening({ type: "published", message }) }),
  );
  const audio = sound.settings;
  const configuration = await writeConfiguration(directory, { endpoint: service.url, broker: broker.url, audio });
  const agent = startAgent({
    ...configuration,
    version,
    build,
    logger: silent,
    onReport: (report) => onHappening({ type: "report", report }),
    onCapture: (event) => onHappening({ type: "capture", event }),
  });

  const kept = services.move();
  let letGo: Promise<void> | null = null;
  const closeServices = () => {
    letGo ??= kept.disposeAsync();
    return letGo;
  };
  return {
    service,
    ended: agent.finished,
    async close(reason, patienceMs) {
      using _hurry = clock.after(patienceMs, () => void closeServices());
      try {
        await agent.stop(reason);
      } finally {
        await closeServices();
      }
    },
  };
}
