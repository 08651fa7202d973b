/** What went wrong below HTTP, in words. */
interface NetworkTrouble {
  /** The error code of Node, OpenSSL or the resolver, or null where there is none. */
  readonly code: string | null;
  /** A phrase that ends "cannot reach HOST: …". */
  readonly meaning: string;
  /** What a person should do. */
  readonly hint: string;
}

/** In a hint, `the endpoint` stands for the setting at fault. */
type Words = readonly [meaning: string, hint: string];

const noRoute: Words = [
  "there is no route to it",
  "Check cable, Wi-Fi and gateway: this device has no way to that network (try: ip route).",
];
const noAnswer: Words = [
  "it does not answer",
  "Check that outgoing TCP to the endpoint's port (443) is allowed: a firewall that drops packets looks like this.",
];
const cut: Words = [
  "the connection was cut before it answered",
  "A firewall, a proxy or a port that is not the service's does this; check endpoint and port, or try another network.",
];
const unknownIssuer: Words = [
  "its certificate was issued by an authority that this device does not know",
  "If a proxy inspects TLS here, install its CA certificate and name it in NODE_EXTRA_CA_CERTS; otherwise do not trust this network.",
];
const selfSigned: Words = [
  "its certificate is self-signed",
  "This is not the real service: a proxy, a captive portal or a test server answers. For one you trust, name its certificate in NODE_EXTRA_CA_CERTS.",
];
const noDescriptors: Words = [
  "this process has too many open files",
  "Restart the agent, and report it with the log: it is a defect, or the limit (ulimit -n) is too low.",
];
const notAllowed: Words = [
  "this device forbids the connection",
  "Check local firewall rules and the service unit's sandbox.",
];
const noTls: Words = [
  "it does not speak TLS as expected",
  "Check scheme and port of the endpoint: wss:// to a port without TLS gives this; so does a proxy that answers in plain text, or one too old for TLS 1.2.",
];
const longHeaders: Words = [
  "the headers of its answer are far too long",
  "Check host and port of the endpoint: another service or a proxy answers there.",
];
const noHttp: Words = [
  "what answers there does not speak HTTP",
  "Check host and port of the endpoint: another program listens there, or a proxy is in the way.",
];

/** Codes of the resolver, of the operating system, of OpenSSL's verification, and of Node's own fetch (UND_ERR_*). */
const troubles: ReadonlyMap<string, Words> = new Map([
  [
    "ENOTFOUND",
    [
      "its name is not known to DNS",
      "Check the endpoint's spelling (region and domain), and that this device can resolve names (try: getent hosts NAME).",
    ],
  ],
  ["EAI_AGAIN", ["DNS does not answer", "Check the network (cable, Wi-Fi) and the name servers in /etc/resolv.conf."]],
  [
    "ECONNREFUSED",
    [
      "nothing accepts connections on that port",
      "Check host and port of the endpoint; a firewall that rejects looks like this too.",
    ],
  ],
  ["ECONNRESET", cut],
  ["EPIPE", cut],
  ["UND_ERR_SOCKET", cut],
  ["ETIMEDOUT", noAnswer],
  ["UND_ERR_CONNECT_TIMEOUT", noAnswer],
  ["UND_ERR_HEADERS_TIMEOUT", noAnswer],
  ["UND_ERR_BODY_TIMEOUT", noAnswer],
  ["EHOSTUNREACH", noRoute],
  ["ENETUNREACH", noRoute],
  ["ENETDOWN", noRoute],
  ["EADDRNOTAVAIL", noRoute],
  ["EMFILE", noDescriptors],
  ["ENFILE", noDescriptors],
  ["EACCES", notAllowed],
  ["EPERM", notAllowed],
  [
    "CERT_HAS_EXPIRED",
    [
      "its certificate has expired",
      "Check this device's clock first (timedatectl): one that is ahead looks the same. If it is right, the certificate of the service, or of a proxy before it, must be renewed.",
    ],
  ],
  [
    "CERT_NOT_YET_VALID",
    ["its certificate is not valid yet", "This device's clock is behind (timedatectl): let it synchronise, or set it."],
  ],
  ["CERT_REVOKED", ["its certificate was revoked", "Do not trust this connection; ask whoever runs the endpoint."]],
  [
    "ERR_TLS_CERT_ALTNAME_INVALID",
    [
      "its certificate is for another host",
      "Check the endpoint's spelling; a captive portal or a proxy that answers in its place looks like this too.",
    ],
  ],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", selfSigned],
  ["SELF_SIGNED_CERT_IN_CHAIN", unknownIssuer],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", unknownIssuer],
  ["UNABLE_TO_GET_ISSUER_CERT", unknownIssuer],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", unknownIssuer],
  ["CERT_UNTRUSTED", unknownIssuer],
  ["EPROTO", noTls],
  ["UND_ERR_HEADERS_OVERFLOW", longHeaders],
  ["HPE_HEADER_OVERFLOW", longHeaders],
  ["ERR_SSL_", noTls],
  ["HPE_", noHttp],
] satisfies [string, Words][]);

/**
 * Looks an error up by its code, or by that of what lies underneath it (`cause`, the first of `errors`).
 * @param setting what the hint calls the setting that says where to connect
 */
export function explainNetworkError(error: unknown, setting = "the endpoint"): NetworkTrouble {
  const codes = codesOf(error);
  for (const code of codes) {
    const words = troubles.get(code) ?? troubles.get(/^(?:ERR_SSL_|HPE_)/.exec(code)?.[0] ?? "");
    if (words !== undefined) return { code, meaning: words[0], hint: words[1].replaceAll("the endpoint", setting) };
  }
  return {
    code: codes[0] ?? null,
    meaning: "the connection could not be made",
    hint: `Check ${setting}, and that a browser or curl on this network reaches it.`,
  };
}

function codesOf(error: unknown): string[] {
  const codes: string[] = [];
  for (let at = error, depth = 0; at instanceof Error && depth < 5; depth += 1) {
    if ("code" in at && typeof at.code === "string" && /^[A-Z0-9_]{1,60}$/.test(at.code)) codes.push(at.code);
    at = at.cause ?? (at instanceof AggregateError ? at.errors[0] : undefined);
  }
  return codes;
}
