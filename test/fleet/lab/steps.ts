import { Fault } from "../../../src/base/fault.ts";
import { errorOf, gapReport, sessionOf } from "../samples.ts";
import type { Json, Way, Welcome } from "./played-broker.ts";
import type { World } from "./world.ts";

/** What happens to a device. */
export type Step =
  | { readonly do: "pass"; readonly ms: number }
  | { readonly do: "error"; readonly class: "service" | "account" | "throttled" }
  | { readonly do: "session" }
  | { readonly do: "gap"; readonly times: number }
  | { readonly do: "phase"; readonly phase: "listening" | "streaming" }
  | { readonly do: "hot" | "panel"; readonly bad: boolean }
  | { readonly do: "welcome"; readonly welcome: Welcome }
  | { readonly do: "way"; readonly way: Way }
  | { readonly do: "refuses"; readonly topics: string | null }
  | { readonly do: "release" }
  | { readonly do: "drop"; readonly reasonCode: number | null }
  | { readonly do: "command"; readonly name: string; readonly lifeMs: number }
  | { readonly do: "again"; readonly which: number; readonly retain: boolean }
  | { readonly do: "desire"; readonly settings: Json }
  | { readonly do: "disk"; readonly delayMs: number }
  | { readonly do: "wall"; readonly byMs: number }
  | { readonly do: "stop" }
  | { readonly do: "crash" }
  | { readonly do: "cut"; readonly after: number };

/** Lets it happen. */
export async function perform(world: World, step: Step): Promise<void> {
  const { fleet, clock, disk } = world.life;
  const { broker } = world;
  switch (step.do) {
    case "pass":
      await world.pass(step.ms);
      break;
    case "error":
      fleet.report(errorOf({ class: step.class, retryInMs: step.class === "account" ? null : 1_000 }));
      break;
    case "session":
      fleet.report(sessionOf("started"));
      break;
    case "gap":
      for (let n = 0; n < step.times; n += 1) fleet.report(gapReport);
      break;
    case "phase":
      fleet.report({ type: "phase", phase: step.phase, reason: step.phase, retryInMs: null });
      break;
    case "hot":
      fleet.notice({ type: "temperature", hot: step.bad, celsius: 90 });
      break;
    case "panel":
      fleet.notice({ type: "panel", fault: step.bad ? new Fault("device-lost", "the panel is gone") : null });
      break;
    case "welcome":
      broker.welcome = step.welcome;
      break;
    case "way":
      broker.way = step.way;
      break;
    case "refuses":
      broker.refuses = step.topics;
      break;
    case "release":
      broker.release();
      break;
    case "drop":
      broker.drop(step.reasonCode);
      break;
    case "command":
      world.command(step.name, step.lifeMs);
      break;
    case "again":
      world.again(step.which, step.retain);
      break;
    case "desire":
      world.desire(step.settings);
      break;
    case "disk":
      world.slow(step.delayMs);
      break;
    case "wall":
      clock.stepWall(step.byMs);
      break;
    case "stop":
      await world.restart();
      break;
    case "crash":
      world.cutPower();
      break;
    case "cut":
      disk.cutAfter = step.after;
      break;
  }
  await world.settle();
  await world.powerUp();
}
