/**
 * The rooms (folders of src/), which rooms each may import, and where each outside library may be used.
 * The one source of this table: the lint rule `rooms/imports` enforces it, the documentation quotes it.
 * What is not listed is not allowed. The table must have no cycle, imports of types included (tested).
 */

/** `all`: what may be imported in full. `types`: what may be imported with `import type` alone, gone at run time. */
interface Row {
  readonly all: readonly string[];
  readonly types: readonly string[];
}

const parts = ["base", "audio", "sis", "recognition", "synthesis", "fleet", "panel", "host", "config"];

/** Folder or file directly under src/ → what it may import, beside itself. */
export const rooms: Readonly<Record<string, Row>> = {
  base: { all: [], types: [] },
  audio: { all: ["base"], types: [] },
  sis: { all: ["base"], types: [] },
  recognition: { all: ["base", "audio", "sis"], types: [] },
  synthesis: { all: ["base", "audio", "sis"], types: [] },
  fleet: { all: ["base"], types: ["audio", "sis", "recognition", "synthesis"] },
  panel: { all: ["base"], types: ["fleet"] },
  host: { all: ["base"], types: [] },
  config: { all: ["base"], types: [] },
  agent: { all: parts, types: [] },
  "agent.ts": { all: [...parts, "agent"], types: [] },
  simulator: { all: ["base", "audio", "sis"], types: [] },
  console: { all: ["base", "fleet"], types: [] },
  cli: { all: [...parts, "agent", "agent.ts", "simulator", "console"], types: [] },
  exports: { all: ["base", "sis", "simulator", "fleet"], types: [] },
  "main.ts": { all: ["cli"], types: [] },
};

/**
 * Package → the files and folders of src/ that may import it, its types included: one place an outside library,
 * so that its habits are contained there and it can be exchanged.
 */
export const libraries: Readonly<Record<string, readonly string[]>> = {
  "@echogarden/fvad-wasm": ["audio/gate/"],
  aedes: ["simulator/"],
  commander: ["cli/"],
  mqtt: ["fleet/broker-line.ts"],
  "node-record-lpcm16": ["audio/recorder.ts"],
  pino: ["cli/"],
  "prom-client": ["agent/prometheus.ts", "console/prometheus.ts"],
  serialport: ["base/serial.ts"],
  "smol-toml": ["config/"],
  ws: ["sis/link.ts", "simulator/"],
  zod: ["config/", "console/", "fleet/", "simulator/"],
};
