// A front panel to try out without having one: the usage below tells how.
import { plugIn } from "./panel-simulator/port.ts";
import { type PanelFace, SimulatedPanel } from "./panel-simulator/simulated-panel.ts";

const usage = `usage: scripts/panel [PORT]
Plugs a simulated front panel in at PORT (default: /tmp/sis-agent-panel), for panel.port in the agent's configuration.
Keys: t talk (on, off), m mute, l mute held for long (self-test), r restart, u unplug and plug in, q quit.`;

const [path = "/tmp/sis-agent-panel", ...more] = process.argv.slice(2);
if (path.startsWith("-") || more.length > 0) {
  process.stdout.write(`${usage}\n`);
  process.exit(path === "--help" || path === "-h" ? 0 : 2);
}
const longMs = 3500;
const phases: Readonly<Record<string, string>> = {
  "?": "no agent",
  i: "starting",
  l: "listening",
  s: "streaming",
  b: "backing off",
  h: "held",
  m: "MUTED",
  x: "stopping",
  t: "LAMP TEST",
};
const severities = ["", "warning", "minor", "MAJOR", "CRITICAL"];

let last = "";

function show({ phase, severity, level, text }: PanelFace): void {
  const bars = "#".repeat(level).padEnd(9, ".");
  const line = `${(phases[phase] ?? phase).padEnd(12)} [${bars}] ${(severities[severity] ?? "").padEnd(8)} | ${text}`;
  if (line === last) return;
  last = line;
  if (process.stdout.isTTY) process.stdout.write(`\r\u001b[K${line}`);
  else process.stdout.write(`${line}\n`);
}

let port = await plugIn(path).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
const panel = new SimulatedPanel((bytes) => port.send(bytes), show);
port.onBytes((bytes) => panel.hear(bytes));
process.stderr.write(`panel at ${path}; keys: t talk, m mute, l mute long, r restart, u unplug, q quit\n`);

async function replug(): Promise<void> {
  await port[Symbol.asyncDispose]();
  port = await plugIn(path);
  port.onBytes((bytes) => panel.hear(bytes));
  panel.restart();
}

function press(key: "talk" | "mute", ms: number): void {
  panel.move(key);
  setTimeout(() => panel.move(key), ms);
}

async function quit(): Promise<void> {
  panel[Symbol.dispose]();
  process.stdin.destroy();
  await port[Symbol.asyncDispose]();
  process.stdout.write("\n");
}

const keys: Readonly<Record<string, () => unknown>> = {
  t: () => panel.move("talk"),
  m: () => press("mute", 200),
  l: () => press("mute", longMs),
  r: () => panel.restart(),
  u: replug,
  q: quit,
  "\u0003": quit,
};

if (process.stdin.isTTY) process.stdin.setRawMode(true);
process.stdin.on("data", (typed) => {
  for (const key of String(typed)) keys[key]?.();
});
process.on("SIGTERM", () => void quit());
