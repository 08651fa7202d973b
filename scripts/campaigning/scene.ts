import { join } from "node:path";
import type { NumberShape } from "../../src/simulator/numbers.ts";
import type { Simulator, SimulatorLimits } from "../../src/simulator/options.ts";
import { startSimulator } from "../../src/simulator/simulator.ts";
import { sampleRateOf } from "../../src/sis/request.ts";
import { type AgentListener, AgentProcess } from "./agent-process.ts";
import { AbsentBroker } from "./broker.ts";
import type { Profile } from "./draw.ts";
import { shapeOf } from "./journal.ts";
import { type Microphone, openRoom, type Room } from "./room.ts";
import { writeConfiguration } from "./setup.ts";
import { type Machine, Surroundings, smallDisk } from "./surroundings.ts";

/** How the agent is started. */
export interface AgentCommand {
  /** The command that `run` and its options are added to. */
  readonly program: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Where a lane's agent has its state, and what it says on standard error. @param folder the lane's */
export function stateFolder(folder: string): string {
  return join(smallDisk(folder), "state");
}
export function agentLog(folder: string): string {
  return join(folder, "agent.log");
}

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
    readonly agent: AgentCommand;
    /** Where the service's limits differ from the real ones. */
    readonly limits: Partial<SimulatorLimits>;
  },
  listener: AgentListener,
): Promise<Scene> {
  const { folder, profile, machine } = options;
  await using parts = new AsyncDisposableStack();
  const surroundings = await Surroundings.make(folder, machine, diskMegabytes);
  const service = parts.use(await startSimulator({ auth: "any", sentenceEnd: "auto", limits: options.limits }));
  const broker = parts.use(await AbsentBroker.start());
  const shape = shapeOf(sampleRateOf(profile.format) === 8000 ? 8000 : 16_000, profile.everyMs, profile.digits);
  const room = parts.use(await openRoom(options.microphone, shape, join(folder, "room")));
  const configFile = await writeConfiguration(folder, profile, {
    host: machine.namespaces ? "localhost" : "127.0.0.1",
    port: service.port,
    broker: broker.url,
    device: room.device,
    stateDir: stateFolder(folder),
    diskMegabytes: bufferMegabytes,
  });
  const agent = parts.use(
    new AgentProcess(
      {
        program: options.agent.program,
        configFile,
        env: { ...room.env, ...options.agent.env },
        logFile: agentLog(folder),
        dieWithUs: machine.pdeathsig,
      },
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
