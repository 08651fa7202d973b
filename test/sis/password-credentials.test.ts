import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Fault } from "../../src/base/fault.ts";
import { diagnoseFault } from "../../src/sis/catalogue.ts";
import { type Credentials, passwordCredentials } from "../../src/sis/credentials.ts";
import { ManualClock } from "../lab/manual-clock.ts";
import { type Iam, issue, refuse, startIam } from "./lab/iam.ts";
import { startRaw, startWeb } from "./lab/peer.ts";

const password = "correct horse";
const hourMs = 3_600_000;
const url = new URL("wss://h/x");
const never = new AbortController().signal;

function credentialsFor(endpoint: string, clock = new ManualClock()): Credentials {
  return passwordCredentials({
    iamEndpoint: endpoint,
    user: "kiosk",
    domain: "acme",
    password,
    project: { name: "cn-north-4" },
    clock,
    random: () => 0.5,
  });
}

async function tokenOf(credentials: Credentials, signal = never): Promise<string | undefined> {
  return (await credentials.authorize(url, signal))["X-Auth-Token"];
}

async function faultOf(credentials: Credentials): Promise<Fault> {
  try {
    await credentials.authorize(url, never);
  } catch (error) {
    assert.ok(error instanceof Fault, String(error));
    assert.ok(!`${error.message}${error.hint}${String(error.cause)}`.includes(password));
    assert.ok(error.message.length < 400);
    return error;
  }
  throw new assert.AssertionError({ message: "a token was given" });
}

test("a password is sent to nobody in clear, but on this machine", () => {
  for (const endpoint of ["http://iam.example", "ftp://iam.example", "iam.example", ""])
    assert.throws(() => credentialsFor(endpoint), { name: "Fault", code: "config-invalid" }, endpoint);
  credentialsFor("http://127.0.0.1:9");
});

test("IAM is asked as the vendor documents it", async () => {
  await using iam = await startIam(issue("T1", 24 * hourMs));
  assert.equal(await tokenOf(credentialsFor(iam.endpoint)), "T1");
  assert.deepEqual(iam.asked, [
    {
      what: "POST /v3/auth/tokens",
      body: {
        auth: {
          identity: {
            methods: ["password"],
            password: { user: { name: "kiosk", password, domain: { name: "acme" } } },
          },
          scope: { project: { name: "cn-north-4" } },
        },
      },
    },
  ]);
});

test("a token is kept, and renewed before it expires", async () => {
  await using iam = await startIam(issue("T1", 24 * hourMs));
  const clock = new ManualClock();
  const credentials = credentialsFor(iam.endpoint, clock);
  assert.equal(credentials.expiresAtMs(), null);
  await tokenOf(credentials);
  assert.equal(credentials.expiresAtMs(), clock.wallMs() + 24 * hourMs);
  clock.advance(20 * hourMs);
  assert.equal(await tokenOf(credentials), "T1");
  iam.answer = issue("T2", 24 * hourMs);
  clock.advance(hourMs);
  assert.equal(await tokenOf(credentials), "T2");
  assert.equal(iam.asked.length, 2);
  assert.equal(clock.pending, 0);
});

test("how long a token lives is measured on the service's clock, and monotonic here", async () => {
  await using iam = await startIam(issue("T1", hourMs, Date.UTC(2031, 0, 1)));
  const clock = new ManualClock();
  const credentials = credentialsFor(iam.endpoint, clock);
  await tokenOf(credentials);
  clock.stepWall(-5 * 365 * 24 * hourMs);
  assert.equal(credentials.expiresAtMs(), clock.wallMs() + hourMs);
  clock.advance(0.7 * hourMs);
  await tokenOf(credentials);
  assert.equal(iam.asked.length, 1);
});

test("however many ask at once, IAM is asked once", async () => {
  await using iam = await startIam(issue("T1", hourMs));
  const credentials = credentialsFor(iam.endpoint);
  const tokens = await Promise.all(Array.from({ length: 20 }, async () => tokenOf(credentials)));
  assert.deepEqual([...new Set(tokens)], ["T1"]);
  assert.equal(iam.asked.length, 1);
});

test("a refused token is not given again", async () => {
  await using iam = await startIam(issue("T1", hourMs));
  const credentials = credentialsFor(iam.endpoint);
  await tokenOf(credentials);
  iam.answer = issue("T2", hourMs);
  credentials.refused({ serverDateMs: null });
  assert.equal(credentials.expiresAtMs(), null);
  assert.equal(await tokenOf(credentials), "T2");
});

test("while IAM fails to renew, the old token serves until it expires, and IAM is not pestered", async () => {
  await using iam = await startIam(issue("T1", 10 * hourMs));
  const clock = new ManualClock();
  const credentials = credentialsFor(iam.endpoint, clock);
  await tokenOf(credentials);
  iam.answer = refuse(503);
  clock.advance(9 * hourMs);
  assert.equal(await tokenOf(credentials), "T1");
  assert.equal(await tokenOf(credentials), "T1");
  assert.equal(iam.asked.length, 2);
  clock.advance(6 * 60_000);
  assert.equal(await tokenOf(credentials), "T1");
  assert.equal(iam.asked.length, 3);
  clock.advance(hourMs);
  assert.equal((await faultOf(credentials)).code, "token-unreachable");
});

test("an old token serves no longer than it lives, and IAM is asked again by then", async () => {
  await using iam = await startIam(issue("T1", 10 * hourMs));
  const clock = new ManualClock();
  const credentials = credentialsFor(iam.endpoint, clock);
  await tokenOf(credentials);
  iam.answer = refuse(503);
  clock.advance(10 * hourMs - 60_000);
  assert.equal(await tokenOf(credentials), "T1");
  clock.advance(60_000);
  assert.equal((await faultOf(credentials)).code, "token-unreachable");
});

test("a renewal that IAM puts off is put off as long as it says", async () => {
  await using iam = await startIam(issue("T1", 10 * hourMs));
  const clock = new ManualClock();
  const credentials = credentialsFor(iam.endpoint, clock);
  await tokenOf(credentials);
  iam.answer = refuse(429, "slow down", { "Retry-After": "1800" });
  clock.advance(9 * hourMs);
  await tokenOf(credentials);
  clock.advance(29 * 60_000);
  await tokenOf(credentials);
  assert.equal(iam.asked.length, 2);
  clock.advance(60_000);
  await tokenOf(credentials);
  assert.equal(iam.asked.length, 3);
});

test("a token refused while its renewal fails does not come back", async () => {
  await using iam = await startIam(issue("T1", 10 * hourMs));
  const clock = new ManualClock();
  const credentials = credentialsFor(iam.endpoint, clock);
  await tokenOf(credentials);
  clock.advance(9 * hourMs);
  iam.answer = (response) => {
    credentials.refused({ serverDateMs: null });
    response.writeHead(503).end();
  };
  assert.equal((await faultOf(credentials)).code, "token-unreachable");
});

for (const [status, code, errorClass, hint] of [
  [400, "token-refused", "config", /malformed/],
  [401, "token-refused", "credentials", /password/],
  [403, "token-refused", "account", /enabled/],
  [404, "token-refused", "config", /project/],
  [302, "token-unreachable", "network", /captive portal/],
  [429, "token-unreachable", "throttled", /keeps trying/],
  [500, "token-unreachable", "service", /keeps trying/],
  [503, "token-unreachable", "service", /keeps trying/],
] as const) {
  test(`IAM's ${status} is ${code}, class ${errorClass}`, async () => {
    await using iam = await startIam(refuse(status, "The username or password is wrong."));
    const fault = await faultOf(credentialsFor(iam.endpoint));
    assert.equal(fault.code, code);
    assert.match(fault.message, new RegExp(`HTTP ${status} ${status} The username or password is wrong\\.`));
    const found = diagnoseFault(fault);
    assert.equal(found.class, errorClass);
    assert.match(found.hint, hint);
  });
}

test("a password that IAM sends back is not shown", async () => {
  await using iam = await startIam(refuse(401, `wrong: ${password}`));
  assert.match((await faultOf(credentialsFor(iam.endpoint))).message, /wrong: \*\*\*/);
});

for (const [name, answer] of [
  ["without a token", (response) => response.writeHead(201).end("{}")],
  ["with a token that cannot be sent", (response) => response.writeHead(201, { "X-Subject-Token": "a b" }).end()],
  ["with a web page", (response) => response.writeHead(200).end("<html>Log in</html>")],
] satisfies [string, Iam["answer"]][]) {
  test(`an answer ${name} is not IAM's`, async () => {
    await using iam = await startIam(answer);
    assert.equal((await faultOf(credentialsFor(iam.endpoint))).code, "token-unreachable");
  });
}

for (const [name, body] of [
  ["no expiry", "{}"],
  ["an expiry that is no date", '{"token":{"expires_at":"tomorrow"}}'],
  ["an expiry in the year 9999", '{"token":{"expires_at":"9999-01-01T00:00:00Z"}}'],
  ["no JSON", "<"],
] as const) {
  test(`a token with ${name} is taken to live 24 h`, async () => {
    await using iam = await startIam((response) => response.writeHead(201, { "X-Subject-Token": "T" }).end(body));
    const clock = new ManualClock();
    const credentials = credentialsFor(iam.endpoint, clock);
    await tokenOf(credentials);
    assert.equal(credentials.expiresAtMs(), clock.wallMs() + 24 * hourMs);
  });
}

test("a token that has already expired is given once, and asked for again", async () => {
  await using iam = await startIam(issue("T1", -hourMs));
  const credentials = credentialsFor(iam.endpoint);
  await tokenOf(credentials);
  await tokenOf(credentials);
  assert.equal(iam.asked.length, 2);
});

test("a body without end is cut, and the token is good", async () => {
  await using iam = await startIam((response) => {
    response.writeHead(201, { "X-Subject-Token": "T" });
    const more = () => {
      while (!response.destroyed && response.write("x".repeat(65_536)));
    };
    response.on("drain", more);
    more();
  });
  assert.equal(await tokenOf(credentialsFor(iam.endpoint)), "T");
});

test("an IAM that does not answer is not waited for longer than 10 s", async () => {
  const clock = new ManualClock();
  await using iam = await startIam(() => clock.advance(10_000));
  const fault = await faultOf(credentialsFor(iam.endpoint, clock));
  assert.equal(fault.code, "token-unreachable");
  assert.match(fault.message, /within 10 s/);
  assert.match(diagnoseFault(fault).hint, /iam_endpoint/);
  assert.equal(clock.pending, 0);
});

test("one who gives up does not take the request from the others; the last one does", async () => {
  let hold: (() => void) | undefined;
  let gone: (() => void) | undefined;
  const aborted = new Promise<void>((resolve) => {
    gone = resolve;
  });
  const arrived = new Promise<void>((resolve) => {
    hold = resolve;
  });
  await using iam = await startIam((response) => {
    response.on("close", () => gone?.());
    hold?.();
  });
  const clock = new ManualClock();
  const credentials = credentialsFor(iam.endpoint, clock);
  const [one, other] = [new AbortController(), new AbortController()];
  const first = credentials.authorize(url, one.signal);
  const second = credentials.authorize(url, other.signal);
  await arrived;
  one.abort(new Error("one has gone"));
  await assert.rejects(first, /one has gone/);
  assert.equal(clock.pending, 1, "the request goes on for the other");
  other.abort(new Error("the other has gone"));
  await assert.rejects(second, /the other has gone/);
  await aborted;
  assert.equal(iam.asked.length, 1);
  iam.answer = issue("T1", hourMs);
  assert.equal(await tokenOf(credentials), "T1");
});

test("where IAM cannot be reached, the hint says why", async () => {
  let port = 0;
  {
    await using peer = await startRaw(() => {});
    port = peer.port;
  }
  const closed = await faultOf(credentialsFor(`http://127.0.0.1:${port}`));
  assert.equal(closed.code, "token-unreachable");
  assert.match(closed.message, /nothing accepts connections .*ECONNREFUSED/);
  assert.equal(diagnoseFault(closed).class, "network");
  await using stranger = await startWeb(() => {}, { certificate: "self-signed" });
  assert.match((await faultOf(credentialsFor(`https://localhost:${stranger.port}`))).message, /self-signed/);
  await using mail = await startRaw((socket) => socket.end("220 mail.example ESMTP\r\n"));
  const noIam = await faultOf(credentialsFor(`http://127.0.0.1:${mail.port}`));
  assert.equal(noIam.code, "token-unreachable");
  for (const { hint } of [closed, noIam]) {
    assert.match(hint, /iam_endpoint/);
    assert.doesNotMatch(hint, /the endpoint/);
  }
});

test("an IAM whose headers have no end is none, and the hint names the setting", async () => {
  await using peer = await startRaw((socket) => {
    socket.write(`HTTP/1.1 201 Created\r\nX-Long: ${"x".repeat(100_000)}\r\n`);
  });
  const fault = await faultOf(credentialsFor(`http://127.0.0.1:${peer.port}`));
  assert.match(fault.message, /headers of its answer are far too long .*UND_ERR_HEADERS_OVERFLOW/);
  assert.match(fault.hint, /port of iam_endpoint/);
});

for (const endpoint of ["", "iam.example", "wss://iam.example", "https://user:word@iam.example"]) {
  test(`an IAM endpoint ${JSON.stringify(endpoint)} is refused at once`, () => {
    assert.throws(
      () => credentialsFor(endpoint),
      (error) => error instanceof Fault && error.code === "config-invalid" && !error.message.includes("word"),
    );
  });
}

test("whatever IAM answers gives a token or a fault", async () => {
  const text = fc.string({ unit: "binary", maxLength: 200 });
  const body = fc.oneof(
    text,
    fc.json(),
    fc
      .record({
        token: fc.record({ expires_at: fc.oneof(text, fc.constant("2026-01-01T00:00:00.123456Z"), fc.double()) }),
      })
      .map((value) => JSON.stringify(value)),
    fc.record({ error_code: text, error_msg: text }).map((value) => JSON.stringify(value)),
  );
  const header = fc.option(fc.stringMatching(/^[ -~]{0,40}$/), { nil: undefined });
  const answers = fc.record({
    status: fc.constantFrom(200, 201, 204, 302, 400, 401, 403, 404, 418, 429, 500, 599),
    body,
    token: header,
    date: header,
  });
  let now: typeof answers extends fc.Arbitrary<infer A> ? A | undefined : never;
  await using iam = await startIam((response) => {
    if (now === undefined) return;
    response.sendDate = false;
    if (now.token !== undefined) response.setHeader("X-Subject-Token", now.token);
    if (now.date !== undefined) response.setHeader("Date", now.date);
    response.writeHead(now.status).end(now.body);
  });
  let tokens = 0;
  await fc.assert(
    fc.asyncProperty(answers, async (answer) => {
      now = answer;
      const clock = new ManualClock();
      const credentials = credentialsFor(iam.endpoint, clock);
      try {
        assert.equal(await tokenOf(credentials), answer.token?.trim());
        const lifeMs = (credentials.expiresAtMs() ?? Number.NaN) - clock.wallMs();
        assert.ok(lifeMs >= 0 && lifeMs <= 24 * hourMs, `${lifeMs}`);
        tokens += 1;
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        assert.ok(error.message.length < 400 && /^token-(refused|unreachable)$/.test(error.code));
      }
      assert.equal(clock.pending, 0);
    }),
    { numRuns: 800 },
  );
  assert.ok(tokens > 10, `${tokens} tokens in 800 answers: the cases do not reach the inside`);
});
