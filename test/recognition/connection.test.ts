import assert from "node:assert/strict";
import { test } from "node:test";
import { Connection } from "../../src/recognition/connection.ts";
import { ScriptedLink } from "../lab/scripted-link.ts";

function connectionLab() {
  const links: ScriptedLink[] = [];
  const heard: string[] = [];
  const connection = new Connection(
    (listener, mark) => {
      const link = new ScriptedLink(listener, mark);
      links.push(link);
      return link;
    },
    {
      opened: () => heard.push("opened"),
      reply: (reply) => heard.push(reply.type),
      malformed: () => heard.push("malformed"),
      confirmed: (mark) => heard.push(`confirmed ${mark}`),
      closed: ({ how }) => heard.push(`${how}, link ${connection.link === null ? "gone" : "there"}`),
    },
    () => 7,
  );
  connection.open();
  const [link] = links;
  assert.ok(link !== undefined);
  return { connection, link, links, heard };
}

const start = { resp_type: "START", trace_id: "t" };
const lost = { how: "closed", code: 1006, reason: "", asked: false } as const;

test("what is held back is heard later, in order, its closing included; pongs are heard at once", () => {
  const { connection, link, heard } = connectionLab();
  link.open();
  connection.hold();
  link.say(start);
  link.confirm();
  link.garble();
  link.end(lost);
  assert.deepEqual(heard, ["opened", "confirmed 7"]);
  connection.letGo();
  assert.deepEqual(heard, ["opened", "confirmed 7", "START", "malformed", "closed, link gone"]);
});

test("a connection that was dropped is closed, and whatever it still says is not heard, held back or not", () => {
  const { connection, link, links, heard } = connectionLab();
  connection.hold();
  link.open();
  connection.drop();
  assert.ok(link.closeAsked);
  connection.open();
  connection.letGo();
  links[1]?.open();
  assert.deepEqual(heard, ["opened"]);
});

test("a service that floods us while it is held back is disconnected, and what it said until then is heard", () => {
  const { connection, link, heard } = connectionLab();
  connection.hold();
  for (let said = 0; said < 5_000; said += 1) link.say(start);
  assert.ok(link.ended);
  connection.letGo();
  assert.equal(heard.length, 201);
  assert.equal(heard.at(-1), "closed, link gone");
});
