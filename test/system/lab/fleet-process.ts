// A fleet room in a process of its own, to be killed: node fleet-process.ts URL PROTOCOL [STATE_DIR EVENTS]
import { sessionOf } from "../../fleet/samples.ts";
import { startTestFleet } from "./fleet.ts";

const [url = "", protocol = "5", stateDir, events = "0"] = process.argv.slice(2);
const { fleet } = startTestFleet(
  { url, protocol: protocol === "4" ? 4 : 5 },
  stateDir === undefined ? {} : { stateDir },
);
fleet.report({ type: "phase", phase: "streaming", reason: "streaming", retryInMs: null });
for (let count = 0; count < Number(events); count += 1) fleet.report(sessionOf("started"));
