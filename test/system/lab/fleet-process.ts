// A fleet room in a process of its own, to be killed: node fleet-process.ts URL PROTOCOL
import { startTestFleet } from "./fleet.ts";

const [url = "", protocol = "5"] = process.argv.slice(2);
const { fleet } = startTestFleet({ url, protocol: protocol === "4" ? 4 : 5 });
fleet.report({ type: "phase", phase: "streaming", reason: "streaming", retryInMs: null });
