import { execFile } from "node:child_process";
import { request as requestPlain } from "node:http";
import { request as requestSecure } from "node:https";
import { isoTime } from "../../base/iso-time.ts";
import { clockToleranceMs } from "../../fleet/condition.ts";
import { parseHttpDate } from "../../sis/http-answer.ts";
import { limits } from "../../sis/request.ts";
import type { Check } from "./examine.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";

const mend = "Let the clock synchronise: timedatectl set-ntp true, and let NTP (UDP port 123) through.";
/** No device that runs this program was made before. */
const earliestMs = Date.UTC(2025, 0, 1);

export const clockCheck: Check = {
  name: "clock",
  deadlineMs: 4000,
  mendIfLate: mend,
  async look({ configuration, clock }, signal) {
    const endpoint = new URL(configuration.settings.sis.endpoint);
    const [serverMs, synchronised] = await Promise.all([dateOf(endpoint, signal), isSynchronised(signal)]);
    return clockFinding(clock.wallMs(), serverMs, synchronised);
  },
};

/** @param serverMs what the service's clock says; null: it did not say. @param synchronised null: nobody knows */
export function clockFinding(nowMs: number, serverMs: number | null, synchronised: boolean | null): Finding {
  const now = isoTime(nowMs);
  if (nowMs < earliestMs) return fail(`it is not set: ${now}`, mend);
  if (serverMs !== null) {
    const offMs = Math.abs(nowMs - serverMs);
    const off = `${Math.round(offMs / 1000)} s ${nowMs > serverMs ? "ahead of" : "behind"} the service's`;
    if (offMs > limits.signatureSkewMs) return fail(`it is ${off}: the service refuses signatures then`, mend);
    if (offMs > clockToleranceMs) return warn(`it is ${off}`, mend);
  }
  const compared = serverMs === null ? "could not be compared with the service's" : "agrees with the service's";
  if (synchronised === false) return warn(`${now}, ${compared}, and is not synchronised`, mend);
  return ok(`${now}, ${compared}`);
}

/** Nothing is sent but the request for a date, and nothing but the date is believed: so any certificate will do. */
function dateOf(endpoint: URL, signal: AbortSignal): Promise<number | null> {
  const secure = endpoint.protocol === "wss:";
  const url = new URL(endpoint.href.replace(/^ws/, "http"));
  const options = { method: "HEAD", signal, timeout: 3000, agent: false } as const;
  return new Promise((resolve) => {
    const request = secure ? requestSecure(url, { ...options, rejectUnauthorized: false }) : requestPlain(url, options);
    request.on("response", (answer) => {
      resolve(parseHttpDate(answer.headers.date));
      answer.destroy();
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(null)).on("close", () => resolve(null));
    request.end();
  });
}

function isSynchronised(signal: AbortSignal): Promise<boolean | null> {
  return new Promise((resolve) => {
    execFile(
      "timedatectl",
      ["show", "-p", "NTPSynchronized", "--value"],
      { signal, timeout: 3000 },
      (error, stdout) => {
        const answer = stdout.trim();
        resolve(error === null && (answer === "yes" || answer === "no") ? answer === "yes" : null);
      },
    );
  });
}
