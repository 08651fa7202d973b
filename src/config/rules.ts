import { isLoopback } from "../base/loopback.ts";
import { keys } from "./keys.ts";
import { isEncrypted, regionOf } from "./urls.ts";
import type { View } from "./view.ts";

/** What is wrong, or odd, with a setting in the light of the others. */
export interface Finding {
  readonly key: string;
  readonly message: string;
}

/** What each way of proving who we are uses, and which of that it cannot do without. The files' contents may be credentials. */
const authKeys: Readonly<Record<string, { readonly needs: readonly string[]; readonly takes: readonly string[] }>> = {
  none: { needs: [], takes: [] },
  aksk: { needs: ["access_key"], takes: ["secret_key_file"] },
  password: { needs: ["user", "domain"], takes: ["password_file", "iam_endpoint", "project_name"] },
  token: { needs: [], takes: ["token_file"] },
};

/** What settings must agree on with each other. */
export function conflicts(view: View): readonly Finding[] {
  return [...authConflicts(view), ...soundConflicts(view), ...brokerConflicts(view)];
}

/** What works, and is probably not meant. */
export function oddities(view: View): readonly Finding[] {
  return [...unusedAuthKeys(view), ...plainBroker(view), ...buttonless(view)];
}

function* buttonless(view: View): Iterable<Finding> {
  if (view.text("audio.gate") !== "button" || view.given("panel.port")) return;
  yield {
    key: "audio.gate",
    message: "nothing can press the button: without [panel] no sound is sent",
  };
}

function* authConflicts(view: View): Iterable<Finding> {
  const method = view.text("sis.auth.method");
  const endpoint = view.text("sis.endpoint");
  if (method === null) return;
  const given = keys.filter((key) => key.table === "sis.auth" && key.name !== "method" && view.given(key.path));
  const local = endpoint !== null && isLoopback(new URL(endpoint).hostname);
  if (method === "none" && (given.length > 0 || (endpoint !== null && !local))) {
    const found = view.given("sis.auth.method") ? 'found "none"' : "is missing";
    yield {
      key: "sis.auth.method",
      message: `${found}; allowed: aksk, password or token (none is for an endpoint on loopback, without other settings of sis.auth)`,
    };
    return;
  }
  for (const name of authKeys[method]?.needs ?? []) {
    const key = `sis.auth.${name}`;
    if (!view.given(key)) yield { key, message: `is missing; method "${method}" needs it` };
  }
  const unknownRegion = endpoint !== null && regionOf(endpoint) === null;
  if (method === "password" && unknownRegion && !view.given("sis.auth.iam_endpoint")) {
    yield {
      key: "sis.auth.iam_endpoint",
      message:
        "is missing; sis.endpoint is not of the form wss://sis-ext.REGION.myhuaweicloud.com, so that the region's is not known",
    };
  }
}

function* soundConflicts(view: View): Iterable<Finding> {
  const property = view.text("sis.property");
  const format = view.text("sis.audio_format");
  const modelRate = property === null ? undefined : /(?:^|_)(8|16)k(?:_|$)/.exec(property)?.[1];
  const soundRate = format === null ? undefined : /(8|16)k/.exec(format)?.[1];
  if (modelRate !== undefined && soundRate !== undefined && modelRate !== soundRate) {
    // Of the two the fleet can set the model alone.
    const odd = view.given("sis.property") ? "sis.property" : "sis.audio_format";
    yield {
      key: odd,
      message: `the model "${property}" takes sound of ${modelRate} kHz, and the format "${format}" is of ${soundRate} kHz`,
    };
  }
  const source = view.text("audio.source");
  if (source === "file" && !view.given("audio.path")) {
    yield { key: "audio.path", message: 'is missing; source "file" needs the path of a WAV file' };
  }
  if (source === "serial" && !view.given("audio.path")) {
    yield { key: "audio.path", message: 'is missing; source "serial" needs the path of a serial port' };
  }
  const port = view.text("panel.port");
  if (source === "serial" && port !== null && port === view.text("audio.path")) {
    yield { key: "panel.port", message: "is the port that the sound comes from; each needs one of its own" };
  }
}

function* brokerConflicts(view: View): Iterable<Finding> {
  const url = view.text("mqtt.url");
  if (url !== null && !isEncrypted(url)) {
    for (const name of ["ca_file", "cert_file", "key_file"]) {
      const key = `mqtt.${name}`;
      if (view.given(key)) yield { key, message: "is for encrypted connections; mqtt.url is to begin with mqtts://" };
    }
  }
  if (view.given("mqtt.password_file") && !view.given("mqtt.user")) {
    yield { key: "mqtt.user", message: "is missing; a password needs a user" };
  }
}

function* unusedAuthKeys(view: View): Iterable<Finding> {
  const method = view.text("sis.auth.method");
  const used = method === null || method === "none" ? undefined : authKeys[method];
  if (used === undefined) return;
  for (const key of keys) {
    if (key.table !== "sis.auth" || key.name === "method" || !view.given(key.path)) continue;
    if (!used.needs.includes(key.name) && !used.takes.includes(key.name)) {
      yield { key: key.path, message: `is not used by method "${method}"` };
    }
  }
}

function* plainBroker(view: View): Iterable<Finding> {
  const url = view.text("mqtt.url");
  if (url === null || isEncrypted(url) || isLoopback(new URL(url).hostname)) return;
  const risk = view.given("mqtt.user") ? "the password and everything reported" : "everything reported";
  yield { key: "mqtt.url", message: `${risk} crosses the network unencrypted; use mqtts://` };
}
