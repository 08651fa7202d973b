import assert from "node:assert/strict";
import { test } from "node:test";
import { brokerUrlProblem, iamUrlProblem, serviceUrlProblem, withoutCredentials } from "../../src/config/urls.ts";

const user = "holds a user or a password: these have settings of their own";

for (const [address, shown, ofBroker, ofService] of [
  ["mqtts://broker.example:8883", "mqtts://broker.example:8883", null, 'begins with "mqtts:"'],
  ["wss://h:1", "wss://h:1", 'begins with "wss:"', null],
  ["broker.example", "broker.example", "is not an address", "is not an address"],
  ["mqtts://a:TOPSECRET@h", "mqtts://***@h", user, user],
  ["mqtts://a:TOPSECRET/x@h", "mqtts://***@h", user, user],
  ["mqtts://a:TOP//SEC@RET@h", "mqtts://***@h", user, user],
  ["a:TOPSECRET@h:8883", "***@h:8883", user, user],
  ["TOPSECRET:a@h", "***@h", user, user],
  ["TOPSECRET://a@h", "***@h", user, user],
  ["mqtts:a:TOPSECRET@h", "***@h", user, user],
  ["mqtts:/a:TOPSECRET@h", "***@h", user, user],
  ["mqtts:\\\\a:TOPSECRET@h", "***@h", user, user],
  ["https://a:TOP\nSECRET/x@h", "https://***@h", user, user],
  ["wss://a:TOP?SECRET@h", "wss://***", user, user],
  ["wss://h/#a@TOPSECRET", "wss://***", user, user],
  ["wss://h/#TOPSECRET", "wss://h/#***", 'begins with "wss:"', "has a query or a fragment"],
  ["mqtts://h?token=TOPSECRET", "mqtts://h?***", "has a query or a fragment", 'begins with "mqtts:"'],
] as const) {
  test(`the address ${JSON.stringify(address)}`, () => {
    assert.equal(withoutCredentials(address), shown);
    assert.equal(brokerUrlProblem(address), ofBroker);
    assert.equal(serviceUrlProblem(address), ofService);
    if (ofBroker === user) assert.equal(iamUrlProblem(address), user);
  });
}
