import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { stringify } from "smol-toml";
import { interpret } from "../../src/config/interpret.ts";
import { keys } from "../../src/config/keys.ts";
import { ConfigFault, problemLine } from "../../src/config/problems.ts";
import { settingsSchema } from "../../src/config/schema.ts";
import { setAt, type Tree } from "../../src/config/tree.ts";

// Whatever a person writes: settings, or a list of what is wrong. Never a crash, never both, never a flood.

const secret = "hunter2-0123456789abcdef";
const runs = { numRuns: 4000 };

function outcome(toml: string, environment: Record<string, string>): "settings" | "problems" {
  const { settings, problems, warnings } = interpret({ file: "/etc/a.toml", toml, environment, machineId: null });
  const lines = [...problems, ...warnings].map(problemLine);
  for (const line of lines) {
    assert.doesNotMatch(line, /\p{Cc}/u, "control characters");
    assert.ok(line.length < 2000, `endless: ${line.slice(0, 100)}`);
    assert.ok(!line.includes(secret), `a secret: ${line}`);
  }
  assert.equal(settings === null, problems.length > 0);
  if (problems.length > 0) assert.ok(new ConfigFault(problems).message.split("\n").length <= 51);
  if (settings !== null) assert.ok(settingsSchema.safeParse(structuredClone(settings)).success);
  return settings === null ? "problems" : "settings";
}

test("any text", () => {
  const text = fc.oneof(
    fc.string({ maxLength: 200, unit: "binary" }),
    fc
      .array(
        fc.constantFrom(
          "[",
          "]",
          "[[",
          "]]",
          "{",
          "}",
          "=",
          " = ",
          ".",
          ",",
          "\n",
          "\r\n",
          "#",
          '"',
          "'",
          '"""',
          "'''",
          "\\",
          "\\u0000",
          "true",
          "1",
          "-1e400",
          "nan",
          "0xff",
          "1979-05-27",
          "sis",
          "auth",
          "mqtt",
          "endpoint",
          "method",
          "__proto__",
          "constructor",
          "toString",
          "\u2028",
          "\ufeff",
          "\u001b[2J",
          "device_id",
        ),
        { maxLength: 40 },
      )
      .map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(text, (toml) => void outcome(toml, {})),
    runs,
  );
});

/** Values that are sometimes right, for settings that mostly exist. */
const value = fc.oneof(
  fc.constantFrom<unknown[]>(
    "x",
    "",
    "aksk",
    "password",
    "token",
    "none",
    "file",
    "serial",
    "yes",
    "no",
    true,
    false,
    0,
    1,
    3,
    60,
    100,
    4,
    5,
    -1,
    1e300,
    "ws://127.0.0.1",
    "wss://sis-ext.cn-north-4.myhuaweicloud.com",
    "https://iam.example",
    "mqtts://b.example",
    "chinese_8k_common",
    "pcm8k16bit",
    "a/b",
    "mqtt://u:p@h",
  ),
  fc.string({ maxLength: 20, unit: "grapheme" }),
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.array(fc.integer(), { maxLength: 2 }),
  fc.dictionary(fc.string({ maxLength: 5 }), fc.integer(), { maxKeys: 2 }),
);
const path = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...keys.map((key) => key.path)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("sis", "audio", "mqtt.x", "sis.auth.x.y", "__proto__.x", "constructor", "x"),
  },
);

test("any values of settings", () => {
  const assignments = fc.array(fc.tuple(path, value), { maxLength: 12 });
  const base = fc.constantFrom<[string, unknown][][]>(
    [],
    [
      ["device_id", "d"],
      ["sis.endpoint", "ws://127.0.0.1:1"],
      ["sis.project_id", "p"],
    ],
  );
  const seen = { settings: 0, problems: 0 };
  fc.assert(
    fc.property(base, assignments, (first, rest) => {
      const tree: Tree = {};
      for (const [at, what] of [...first, ...rest]) setAt(tree, at, what);
      seen[outcome(stringify(tree), {})] += 1;
    }),
    runs,
  );
  assert.ok(seen.settings > 50 && seen.problems > 50, `both happen: ${JSON.stringify(seen)}`);
});

test("any environment", () => {
  const variable = fc.oneof(
    fc.constantFrom(...keys.map((key) => key.variable)),
    fc.constantFrom("SIS_AGENT_", "SIS_AGENT_SIS", "SIS_AGENT_SIS__AUTH__TOKEN", "SIS_AGENT___PROTO____X"),
    fc.string({ maxLength: 20 }).map((rest) => `SIS_AGENT_${rest}`),
  );
  const text = fc.oneof(
    fc.string({ maxLength: 30, unit: "binary" }),
    fc.constantFrom("true", "12", "aksk", "file", "1e5", "ws://localhost"),
  );
  fc.assert(
    fc.property(fc.dictionary(variable, text, { maxKeys: 6 }), (environment) => {
      outcome('device_id = "d"\nsis.endpoint = "ws://127.0.0.1"\nsis.project_id = "p"', environment);
    }),
    runs,
  );
});

test("a secret in a place that is not its own is never repeated", () => {
  const place = fc.oneof(
    fc.constantFrom(
      "sis.auth.secret_key",
      "sis.auth.password",
      "sis.auth.token",
      "mqtt.password",
      "mqtt.key",
      "secret",
      "sis.secret_key",
      "sis.auth.access_key.x",
      "sis.auth.secretkey",
      "panel.password",
    ),
    fc.string({ maxLength: 6, unit: "grapheme" }).filter((name) => !name.includes(".") && name !== ""),
  );
  const held = fc.constantFrom<unknown[]>(
    secret,
    [secret],
    { inner: secret },
    `mqtt://me:${secret}@host`,
    `${secret}\n`,
  );
  fc.assert(
    fc.property(place, held, fc.boolean(), (at, what, isVariable) => {
      const tree: Tree = { device_id: "d" };
      if (!isVariable) setAt(tree, at, what);
      const name = `SIS_AGENT_${at.toUpperCase().replaceAll(".", "__")}`;
      outcome(stringify(tree), isVariable ? { [name]: String(what) } : {});
    }),
    { numRuns: 2000 },
  );
});

test("a password in an address is never repeated, however the address is spelt", () => {
  const setting = fc.constantFrom(
    "sis.endpoint",
    "sis.auth.iam_endpoint",
    "mqtt.url",
    "device_id",
    "sis.mode",
    "audio",
  );
  const piece = fc.constantFrom(
    "mqtts:",
    "wss:",
    "https:",
    "x:",
    "/",
    "//",
    "\\",
    ":",
    "a",
    "@",
    "?",
    "#",
    "%40",
    " ",
    "\n",
    "[",
  );
  const text = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(""));
  const address = fc.oneof(
    fc.tuple(text, text, text).map(([before, between, host]) => `${before}${secret}${between}@${host}`),
    fc.tuple(text, fc.constantFrom("?", "#"), text).map(([before, mark, after]) => `${before}${mark}${after}${secret}`),
  );
  fc.assert(
    fc.property(setting, address, fc.boolean(), (path, written, isVariable) => {
      const tree: Tree = { device_id: "d" };
      if (!isVariable) setAt(tree, path, written);
      const variable = `SIS_AGENT_${path.toUpperCase().replaceAll(".", "__")}`;
      outcome(stringify(tree), isVariable ? { [variable]: written } : {});
    }),
    runs,
  );
});

test("a document of the size limit is dealt with at once", () => {
  const begun = performance.now();
  for (const toml of [
    Array.from({ length: 30_000 }, (_, index) => `a${index}=1`).join("\n"),
    `${Array.from({ length: 60_000 }, () => "a").join(".")} = 1`,
    `x = ${"[".repeat(100_000)}`,
    `[${"a.".repeat(60_000)}b]`,
    `x = "${"\\u0041".repeat(40_000)}"`,
  ]) {
    outcome(toml, {});
  }
  assert.ok(performance.now() - begun < 5000);
});
