import { BasicCredentials } from "@huaweicloud/huaweicloud-sdk-core";
import { AKSKSigner } from "@huaweicloud/huaweicloud-sdk-core/auth/AKSKSigner.js";
import { WebSocket } from "ws";
import type { Message } from "./lab.ts";

/** What the SDK's callback object would have seen. */
export interface VendorRun {
  readonly started: string[];
  readonly events: string[];
  readonly results: Message[];
  readonly errors: string[];
  readonly ended: string[];
  readonly closed: boolean;
}

export interface VendorClient {
  readonly url: string;
  readonly credentials: { readonly token: string } | { readonly accessKey: string; readonly secretKey: string };
  readonly config: Readonly<Record<string, unknown>>;
  /** How much faster than the SDK's 60 ms a chunk. */
  readonly haste: number;
}

type Status = "pre_start" | "connect" | "end" | "error" | "close";

/**
 * Speaks as the vendor's Python SDK does (RasrClient, 1.8): START with all settings, the undocumented among them,
 * without waiting for its answer; 4000 bytes every 60 ms, about twice real time; END with `"cancel": "false"`; every
 * message must have a `trace_id`; closes when the session is over. With AK/SK it signs content-type, host and
 * x-sdk-date, with the vendor's own signer.
 */
export async function runVendorClient(client: VendorClient, audio: Uint8Array): Promise<VendorRun> {
  const run = { started: [], events: [], results: [], errors: [], ended: [], closed: false } as {
    -readonly [Key in keyof VendorRun]: VendorRun[Key];
  };
  let status: Status = "pre_start";
  const ws = new WebSocket(client.url, { headers: headersFor(client), perMessageDeflate: false });
  const closed = new Promise<void>((resolve) => {
    ws.on("close", () => {
      status = "close";
      run.closed = true;
      resolve();
    });
  });
  ws.on("error", (error) => {
    status = "error";
    run.errors.push(error.message);
  });
  ws.on("message", (data: Buffer) => {
    const message = JSON.parse(data.toString()) as Message;
    if (message.error_code !== undefined && message.error_msg !== undefined) {
      status = "close";
      run.errors.push(data.toString());
      return;
    }
    // result['trace_id'] raises KeyError in the SDK where it is missing.
    if (message.trace_id === undefined) throw new Error("KeyError: 'trace_id'");
    if (message.resp_type === "START") run.started.push(message.trace_id);
    if (message.resp_type === "RESULT") run.results.push(message);
    if (message.resp_type === "EVENT") {
      run.events.push(String(message.event));
      if (message.event === "VOICE_END" || message.event === "EXCEEDED_AUDIO") status = "end";
      if (message.event === "EXCEEDED_SILENCE") status = "error";
    }
    if (message.resp_type === "END") {
      status = "end";
      run.ended.push(message.trace_id);
    }
  });
  const now = (): Status => status;
  await new Promise<void>((resolve) => {
    ws.on("open", () => {
      status = "connect";
      resolve();
    });
    ws.on("close", () => resolve());
  });
  if (now() === "connect") {
    ws.send(JSON.stringify({ command: "START", config: client.config }));
    for (let at = 0; at < audio.length && now() !== "error" && now() !== "close"; at += 4000) {
      ws.send(audio.subarray(at, at + 4000));
      await sleep(60 / client.haste);
    }
    if (now() !== "error" && now() !== "close") ws.send('{"command": "END", "cancel": "false"}');
    for (let i = 0; i < 180 && now() !== "end" && now() !== "error" && now() !== "close"; i++)
      await sleep(100 / client.haste);
    // Its close() waits for `end`; in the sentence mode that comes with VOICE_END, so give the result time to arrive.
    await sleep(50);
    ws.close();
  }
  await closed;
  return run;
}

/** The config of RasrRequest.construct_params(). */
export function vendorConfig(audioFormat: string, property: string): Record<string, unknown> {
  return {
    audio_format: audioFormat,
    property,
    add_punc: "no",
    digit_norm: "yes",
    vad_head: 10000,
    vad_tail: 500,
    max_seconds: 30,
    interim_results: "no",
    vad_threshold: 0,
    need_word_info: "no",
  };
}

function headersFor({ url, credentials }: VendorClient): Record<string, string> {
  if ("token" in credentials) return { "X-Auth-Token": credentials.token };
  const { host, pathname } = new URL(url);
  const date = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const headers = { "content-type": "application/json", host, "X-Sdk-Date": date };
  const request = { endpoint: `http://${host}${pathname}`, method: "GET", url: pathname, queryParams: {}, headers };
  const key = new BasicCredentials().withAk(credentials.accessKey).withSk(credentials.secretKey);
  const authorization = String(Reflect.get(AKSKSigner.sign(request, key), "Authorization"));
  // The library sends its own Host header, with the same value.
  return { "content-type": "application/json", "X-Sdk-Date": date, Authorization: authorization };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
