import { type SerialLine, silentDevice, talk } from "../../base/serial.ts";
import { encodeLine, LineReader } from "../../panel/lines.ts";
import { helloBody, type PanelKind, panelMessageOf } from "../../panel/messages.ts";
import type { Check } from "./examine.ts";
import { failed, ok, skip } from "./finding.ts";

const greetMs = 500;
/** An Arduino resets when its port is opened, and takes two seconds for that. */
const patienceMs = 6000;

export const panelCheck: Check = {
  name: "panel",
  deadlineMs: 9000,
  mendIfLate: "The serial port hangs: unplug the panel and plug it in again.",
  async look({ configuration, clock, agentPid }, signal) {
    const { panel } = configuration.settings;
    if (panel === undefined) return skip("none is configured");
    const done = new AbortController();
    const reader = new LineReader();
    let kind: PanelKind | null = null;
    let line: SerialLine | null = null;
    const greet = () => {
      line?.write(encodeLine(helloBody()));
      timer = clock.after(greetMs, greet);
    };
    let timer = clock.after(greetMs, greet);
    using _patience = clock.after(patienceMs, () => done.abort());
    const fault = await talk(
      {
        path: panel.port,
        baudRate: panel.baud,
        clock,
        opened: (opened) => {
          line = opened;
        },
        heard: (bytes) => {
          for (const body of reader.push(bytes)) {
            const message = panelMessageOf(body);
            if (message?.type !== "hello") continue;
            ({ kind } = message);
            done.abort();
          }
        },
      },
      AbortSignal.any([signal, done.signal]),
    );
    timer[Symbol.dispose]();
    if (fault?.code === "serial-busy" && agentPid !== null) {
      return ok(`in use by the running agent (process ${agentPid}), which is not disturbed`);
    }
    if (fault !== null) return failed(fault);
    const hint = "Check that panel.port is the panel's port, panel.baud its speed, and its firmware.";
    if (kind === null) return failed(silentDevice(panel.port, "a front panel", hint));
    return ok(`${panel.port} answers${textLine(kind)}`);
  },
};

function textLine({ columns, utf8 }: PanelKind): string {
  return columns === 0 ? ", without a text line" : `, ${columns} characters${utf8 ? "" : " of ASCII"}`;
}
