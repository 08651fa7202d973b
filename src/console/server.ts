import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { Fault, toFault } from "../base/fault.ts";
import { type Listening, listen } from "../base/listen.ts";
import { assets } from "./assets.ts";
import type { Door } from "./door.ts";
import { eventStream, type Hub } from "./hub.ts";

// The console's web server. It serves its own few files from memory, and nothing else.

/** What the server asks of the console. */
export interface Answers {
  /** The fleet, for programs. */
  fleet(): unknown;
  /** null: there is no such device. */
  device(key: string): unknown;
  /** Prometheus's text. */
  metrics(): Promise<{ readonly type: string; readonly text: string }>;
  /** Sends a command. Rejects with a Fault: config-invalid where what was asked is wrong. @returns its id */
  command(key: string, asked: unknown): Promise<string>;
}

export interface ServerOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** PEM; null: plain HTTP. */
  readonly tls: { readonly cert: string; readonly key: string } | null;
  readonly door: Door;
  readonly hub: Hub;
  readonly answers: Answers;
}

const largestBody = 8_192;
const types: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/** Nothing from elsewhere, nothing inline, in nobody's frame. */
const headers = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
  "Cache-Control": "no-store",
};

/** Starts to listen. @throws {Fault} address-unavailable, config-invalid (certificate or key cannot be used) */
export async function startServer(options: ServerOptions): Promise<Listening> {
  const { host, port, tls } = options;
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    serve(options, request, response).catch((error: unknown) => fail(response, error));
  };
  const limits = { requestTimeout: 15_000, headersTimeout: 10_000, keepAliveTimeout: 30_000, maxHeaderSize: 16_384 };
  let server: Server;
  try {
    server =
      tls === null
        ? createServer(limits, handle)
        : createTlsServer({ ...limits, ...tls, minVersion: "TLSv1.2" }, handle);
  } catch (cause) {
    throw new Fault("config-invalid", "--tls-cert or --tls-key cannot be used by TLS", {
      hint: "Check that the key belongs to the certificate and has no passphrase.",
      cause,
    });
  }
  server.maxConnections = 512;
  return listen(server, host, port, {
    port: "Choose another port in --listen, or 0 for any that is free.",
    host: "Check --listen: an IP address of this machine, or a name for one, and a port.",
  });
}

async function serve(options: ServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { door, hub, answers } = options;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  const { method = "GET", headers: given } = request;
  const path = pathOf(request.url);
  const fetchSite = given["sec-fetch-site"];
  const admission = door.admit({
    method,
    path,
    host: given.host,
    origin: given.origin,
    fetchSite: typeof fetchSite === "string" ? fetchSite : undefined,
    authorization: given.authorization,
    cookie: given.cookie,
  });
  if (admission.is === "out") return say(response, 403, admission.why);
  if (method === "POST" && path === "/login") return logIn(door, request, response);
  if (admission.is === "stranger") {
    if (method === "GET" && path === "/") return file(response, "login.html");
    if (method === "GET" && ["/login.js", "/dom.js", "/style.css", "/icon.svg"].includes(path))
      return file(response, path.slice(1));
    response.setHeader("WWW-Authenticate", "Bearer");
    return say(response, 401, "show the console's token: Authorization: Bearer …");
  }
  const device = /^\/api\/device\/([^/]+)\/([^/]+)(\/stream|\/command)?$/.exec(path);
  const key = device === null ? null : keyIn(device[1], device[2]);
  if (method === "POST") {
    if (key === null || device?.[3] !== "/command") return say(response, 404, "there is nothing of that name");
    // A page from elsewhere can send no JSON without being asked first, and it is never allowed to.
    if (given["content-type"] !== "application/json") return say(response, 415, "a command is JSON");
    return json(response, 202, { id: await answers.command(key, await bodyOf(request)) });
  }
  if (method !== "GET" && method !== "HEAD") return say(response, 405, "only GET, and POST for commands");
  if (key !== null && device?.[3] !== "/command") {
    const found = answers.device(key);
    if (found === null) return say(response, 404, "there is no such device");
    if (device?.[3] === undefined) return json(response, 200, found);
    return stream(method, response, () => hub.attendDevice(key, response));
  }
  switch (path) {
    case "/":
      return file(response, "index.html");
    case "/api/fleet":
      return json(response, 200, answers.fleet());
    case "/api/stream":
      return stream(method, response, () => hub.attend(response));
    case "/metrics": {
      const { type, text } = await answers.metrics();
      return send(response, 200, type, text);
    }
    default:
      return file(response, path.slice(1));
  }
}

/** A HEAD is answered at once: it has no body that could go on, and takes no page's place. */
function stream(method: string, response: ServerResponse, attend: () => boolean): void {
  if (method === "HEAD") response.writeHead(200, { "Content-Type": eventStream }).end();
  else if (!attend()) say(response, 503, "too many pages are open");
}

async function logIn(door: Door, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await bodyOf(request);
  const token = typeof body === "object" && body !== null && "token" in body ? body.token : undefined;
  if (typeof token !== "string" || !door.isToken(token)) return say(response, 401, "that is not the token");
  response.setHeader("Set-Cookie", door.newSession());
  json(response, 200, {});
}

/** @throws {Fault} config-invalid */
async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    length += chunk.length;
    if (length > largestBody) throw new Fault("config-invalid", `the request is larger than ${largestBody} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch (cause) {
    throw new Fault("config-invalid", "the request is not JSON", { cause });
  }
}

function file(response: ServerResponse, name: string): void {
  const text = assets.get(name);
  if (text === undefined) say(response, 404, "there is nothing of that name");
  else send(response, 200, types[name.slice(name.lastIndexOf(".") + 1)] ?? "text/plain", text);
}

function json(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, "application/json; charset=utf-8", `${JSON.stringify(value)}\n`);
}

function say(response: ServerResponse, status: number, words: string): void {
  json(response, status, { error: words });
}

function send(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { "Content-Type": type, "Content-Length": Buffer.byteLength(text) });
  response.end(text);
}

function fail(response: ServerResponse, error: unknown): void {
  const fault = toFault(error);
  if (response.headersSent) response.destroy();
  else if (fault.code === "config-invalid") say(response, 400, fault.message);
  else if (fault.code === "command-forbidden") say(response, 403, fault.message);
  else say(response, 502, fault.code === "internal" ? "something went wrong" : fault.message);
}

function pathOf(url = "/"): string {
  return URL.canParse(url, "http://console") ? new URL(url, "http://console").pathname : "/";
}

function keyIn(fleet = "", device = ""): string | null {
  try {
    return `${decodeURIComponent(fleet)}/${decodeURIComponent(device)}`;
  } catch {
    return null;
  }
}
