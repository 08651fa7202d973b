import { join } from "node:path";
import type { NumberShape } from "../../src/simulator/numbers.ts";
import type { Simulator } from "../../src/simulator/options.ts";
import { startSimulator } from "../../src/simulator/simulator.ts";
import { sampleRateOf } from "../../src/sis/request.ts";
import { type AgentListener, AgentProcess } from "./agent-process.ts";
import { AbsentBroker } from "./broker.ts";
import type { Profile } from "./draw.ts";
import { shapeOf } from "./journal.ts";
import { type Microphone, openRoom, type Room } from "./room.ts";
import { writeConfiguration } from "./setup.ts";
import { type Machine, Surroundings } from "./surroundings.ts";

/** All that a lane's agent deals with, and the agent. */
export interface Scene extends AsyncDisposable {
  readonly service: Simulator;
  readonly broker: AbsentBroker;
  readonly room: Room;
  readonly shape: NumberShape;
  readonly surroundings: Surroundings;
  readonly agent: AgentProcess;
}

/** Most sound that the agent may keep on its disk, and the disk's size, MB. */
const bufferMegabytes = 32;
const diskMegabytes = 48;

/** Builds it all and starts the agent. @param folder the lane's own, empty */
export async function openScene(
  options: {
    readonly folder: string;
    readonly profile: Profile;
    readonly microphone: Microphone;
    readonly machine: Machine;
  },
  listener: AgentListener,
): Promise<Scene> {
  const { folder, profile, machine } = options;
  await using parts = new AsyncDisposableStack();
  const surroundings = await Surroundings.make(folder, machine, diskMegabytes);
  const service = parts.use(await startSimulator({ auth: "any", sentenceEnd: "auto" }));
  const broker = parts.use(await AbsentBroker.start());
  const shape = shapeOf(sampleRateOf(profile.format) === 8000 ? 8000 : 16_000, profile.everyMs);
  const room = parts.use(await openRoom(options.microphone, shape, join(folder, "room")));
  const configFile = await writeConfiguration(folder, profile, {
    host: machine.namespaces ? "localhost" : "127.0.0.1",
    port: service.port,
    broker: broker.url,
    device: room.device,
    stateDir: join(surroundings.disk, "state"),
    diskMegabytes: bufferMegabytes,
  });
  const agent = parts.use(
    new AgentProcess(
      { configFile, env: room.env, logFile: join(folder, "agent.log"), dieWithUs: machine.pdeathsig },
      listener,
    ),
  );
  agent.start();
  const kept = parts.move();
  return {
    service,
    broker,
    room,
    shape,
    surroundings,
    agent,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
