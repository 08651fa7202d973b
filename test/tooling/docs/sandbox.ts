/** A folder in which the documentation's commands can be tried as they stand there. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { wavHeader } from "../../../src/audio/wav.ts";
import { startEmbeddedBroker } from "../../../src/simulator/broker.ts";
import { numberSound, plainNumbers } from "../../../src/simulator/numbers.ts";
import { startSimulator } from "../../../src/simulator/simulator.ts";
import { main, plainEnvironment } from "../../cli/process.ts";
import { pageText, root } from "./commands.ts";

export interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

/**
 * The README's own `agent.toml`, pointed at a simulator and a broker on this machine by its environment, and a sound
 * file in the microphone's place; `sis-agent`, `npm` and `scripts/` that are those of this source tree.
 */
export async function openSandbox() {
  const folder = mkdtempSync(path.join(tmpdir(), "sis-agent-docs-"));
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => rmSync(folder, { recursive: true, force: true }));
  const configuration = /```toml\n([^]*?)```/.exec(pageText("README.md"))?.[1]?.replaceAll(/^ {3}/gm, "") ?? "";
  const accessKey = /access_key = "(.*)"/.exec(configuration)?.[1] ?? "";
  const accounts = { accessKeys: { [accessKey]: "the-secret-key" }, users: [], project: null, tokens: [] };
  const service = cleanUp.use(await startSimulator({ auth: "aksk", accounts, voice: "dtmf" }));
  const broker = cleanUp.use(await startEmbeddedBroker({ port: 0, onPublish: () => {} }));

  const write = (name: string, content: string | Uint8Array, mode = 0o600) => {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), content, { mode });
  };
  write("agent.toml", configuration);
  write("secret_key", "the-secret-key\n");
  const sound = numberSound(2, plainNumbers(16_000));
  const header = wavHeader({ encoding: "s16", channels: 1, sampleRate: 16_000 }, sound.byteLength);
  write("two-words.wav", Buffer.concat([header, new Uint8Array(sound.buffer)]));
  // As much of an executable for arm64 as tells what it is.
  write(
    "dist/sis-agent-0.1.0-linux-arm64",
    Buffer.from("7f454c46020101000000000000000000 0300b700".replace(" ", ""), "hex"),
  );
  const npm = spawnSync("sh", ["-c", "command -v npm"], { encoding: "utf8" }).stdout.trim();
  write("bin/npm", `#!/bin/sh\nexec '${npm}' --prefix '${root}' "$@"\n`, 0o755);
  write("bin/sis-agent", `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`, 0o755);
  for (const name of readdirSync(path.join(root, "scripts")).filter((each) => !each.includes(".")))
    write(`scripts/${name}`, `#!/bin/sh\nexec '${root}/scripts/${name}' "$@"\n`, 0o755);

  const env = plainEnvironment({
    PATH: `${folder}/bin:${path.dirname(process.execPath)}:${process.env["PATH"] ?? ""}`,
    SIS_AGENT_SIS__ENDPOINT: service.url,
    SIS_AGENT_MQTT__URL: broker.url,
    SIS_AGENT_AUDIO__SOURCE: "file",
    SIS_AGENT_AUDIO__PATH: "two-words.wav",
  });
  const held = cleanUp.move();
  return {
    /** Runs a line in a shell to its end, or until it has printed `until`; then it gets SIGINT. */
    async run(line: string, until: RegExp | null): Promise<Outcome> {
      const child = spawn("sh", ["-c", line], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
      const ended = once(child, "close");
      let output = "";
      const hear = (text: string) => {
        output += text;
        // The shell and what it runs are a group of their own.
        if (until?.test(output) !== true || child.pid === undefined) return;
        // What it has said may come after the news of its end.
        if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid, "SIGINT");
      };
      child.stdout.setEncoding("utf8").on("data", hear);
      child.stderr.setEncoding("utf8").on("data", hear);
      await ended;
      return { code: child.exitCode, output };
    },
    [Symbol.asyncDispose]: () => held[Symbol.asyncDispose](),
  };
}
