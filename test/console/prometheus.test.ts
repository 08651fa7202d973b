import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openMetricsPage } from "../../src/console/prometheus.ts";
import { Folder } from "../cli/process.ts";
import { at, metricsOf, newModel, startMs, stateOf, storm } from "./samples.ts";

const missing = spawnSync("promtool", ["--version"]).status !== 0;
const skip = missing ? "promtool is not installed: apt-get install prometheus" : false;
const folder = fileURLToPath(new URL("../../device/prometheus/", import.meta.url));
const dashboard = fileURLToPath(new URL("../../device/grafana/sis-agent-fleet.json", import.meta.url));

function promtool(args: readonly string[], input = ""): void {
  const { status, stdout, stderr } = spawnSync("promtool", args, { cwd: folder, input, encoding: "utf8" });
  assert.equal(status, 0, `${stdout}${stderr}`);
}

async function pageOfStorm(): Promise<string> {
  const { model, say } = newModel();
  storm(say, 100);
  say("d1", "metrics", metricsOf());
  say("d2", "state", "{");
  say("d3", "state", stateOf("offline"));
  model.tick(at(startMs));
  const broker = { connected: true, complete: true, trouble: "" };
  return (await (await openMetricsPage(model, () => broker)).text()).text;
}

/** The expressions of the dashboard. */
function expressions(): readonly string[] {
  return [...readFileSync(dashboard, "utf8").matchAll(/"expr": ("(?:[^"\\]|\\.)*")/g)].map(([, text = ""]) =>
    String(JSON.parse(text)),
  );
}

test("the fleet as numbers: sums, one outage, and no series a device", async () => {
  const text = await pageOfStorm();
  const lines = new Set(text.split("\n"));
  for (const line of [
    'sis_fleet_devices{phase="backing-off"} 99',
    'sis_fleet_outage_devices{code="SIS.0303"} 100',
    'sis_fleet_messages_refused_total{reason="not-json"} 1',
    "sis_fleet_backlog_seconds 1.5",
    'sis_fleet_latency_seconds{share="0.99"} 1.1',
  ]) {
    assert.ok(lines.has(line), `${line} in\n${text}`);
  }
  assert.ok(lines.size < 120, "its size does not depend on the number of devices");
});

test("promtool finds nothing wrong with the page", { skip }, async () => {
  promtool(["check", "metrics"], await pageOfStorm());
});

test("promtool takes the sample configuration and the alert rules, and their tests pass", { skip }, () => {
  promtool(["check", "config", "--syntax-only", "prometheus.yml"]);
  promtool(["check", "rules", "sis-agent.rules.yml"]);
  promtool(["test", "rules", "sis-agent.rules.test.yml"]);
});

test("promtool takes every expression of the dashboard", { skip }, async () => {
  const rules = expressions().map(
    (expr, index) => `      - { record: "panel_${index}", expr: ${JSON.stringify(expr)} }`,
  );
  assert.ok(rules.length >= 14);
  await using files = await Folder.with({
    "rules.yml": `groups:\n  - name: panels\n    rules:\n${rules.join("\n")}\n`,
  });
  promtool(["check", "rules", files.of("rules.yml")]);
});

test("rules and dashboard name only what the page has", async () => {
  const known = new Set((await pageOfStorm()).match(/^# TYPE (\S+)/gm)?.map((line) => line.slice(7)));
  const used =
    `${readFileSync(`${folder}sis-agent.rules.yml`, "utf8")} ${expressions().join(" ")}`.match(/sis_fleet_\w+/g) ?? [];
  assert.deepEqual(
    [...new Set(used)].filter((name) => !known.has(name)),
    [],
  );
});
