import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  greetKeys,
  type KeyCommand,
  type Keys,
  longPressMs,
  releaseKeys,
  restingKeys,
  stepKeys,
  stepKeyTime,
} from "../../src/panel/keys.ts";

/** A panel's keys and the agent behind them: what is told leads to what, with the microphone muted accordingly. */
class Desk {
  keys: Keys = restingKeys;
  muted: boolean;
  readonly commands: KeyCommand[] = [];

  constructor(muted = false) {
    this.muted = muted;
  }

  tell(talk: number, mute: number, nowMs = 0): this {
    return this.#act(stepKeys(this.keys, { talk, mute }, nowMs, this.muted));
  }

  at(nowMs: number): this {
    return this.#act(stepKeyTime(this.keys, nowMs));
  }

  hello(): this {
    this.keys = greetKeys(this.keys);
    return this;
  }

  gone(): this {
    return this.#act(releaseKeys(this.keys));
  }

  #act({ next, commands }: ReturnType<typeof stepKeys>): this {
    this.keys = next;
    for (const command of commands) {
      this.commands.push(command);
      if (command === "mute") this.muted = true;
      if (command === "unmute") this.muted = false;
    }
    return this;
  }
}

const rows: readonly (readonly [string, boolean, (desk: Desk) => unknown, readonly KeyCommand[]])[] = [
  ["talk down and up", false, (d) => d.tell(0, 0).tell(1, 0).tell(2, 0), ["talk", "talk-end"]],
  ["the same told again", false, (d) => d.tell(0, 0).tell(1, 0).tell(1, 0), ["talk"]],
  ["talk held as the panel appears", false, (d) => d.tell(7, 0), ["talk"]],
  ["talk held as the panel goes", false, (d) => d.tell(0, 0).tell(1, 0).gone(), ["talk", "talk-end"]],
  ["a short talk of which nothing was heard", false, (d) => d.tell(0, 0).tell(2, 0), []],
  ["mute: at once, when the key goes down", false, (d) => d.tell(0, 0).tell(0, 1), ["mute"]],
  ["mute, and let go", false, (d) => d.tell(0, 0).tell(0, 1).tell(0, 2), ["mute"]],
  ["unmute: when the key is let go of", true, (d) => d.tell(0, 0).tell(0, 1), []],
  ["unmute, and let go", true, (d) => d.tell(0, 0).tell(0, 1).tell(0, 2), ["unmute"]],
  ["mute and unmute", false, (d) => d.tell(0, 98).tell(0, 99).tell(0, 0).tell(0, 1).tell(0, 2), ["mute", "unmute"]],
  ["a press of which nothing was heard mutes", false, (d) => d.tell(0, 0).tell(0, 2), ["mute"]],
  ["… and unmutes", true, (d) => d.tell(0, 0).tell(0, 2), ["unmute"]],
  ["two presses of which nothing was heard", false, (d) => d.tell(0, 0).tell(0, 4), ["mute", "unmute"]],
  ["a panel that counts anew", false, (d) => d.tell(0, 50).tell(0, 0), []],
  ["a press between two hellos, its line lost", false, (d) => d.tell(6, 4).hello().tell(6, 6), ["mute"]],
  ["… of which the beginning was heard", true, (d) => d.tell(0, 4).tell(0, 5).hello().tell(0, 6), ["unmute"]],
  ["a hello because it was asked", true, (d) => d.tell(1, 99).hello().tell(1, 99).tell(1, 0), ["talk"]],
  ["restarted, which is not a press", true, (d) => d.tell(0, 98).hello().tell(0, 0), []],
  ["restarted while talk and mute are held", true, (d) => d.tell(1, 1).hello().tell(0, 0), ["talk", "talk-end"]],
  [
    "a press after a restart of which no line was heard",
    false,
    (d) => d.tell(3, 50).hello().tell(0, 1),
    ["talk", "talk-end", "mute"],
  ],
  [
    "restarted twice, a press in between",
    true,
    (d) => d.tell(0, 50).hello().tell(0, 2).hello().hello().tell(0, 0),
    ["unmute"],
  ],
  ["hellos before anything is told", true, (d) => d.hello().hello().tell(0, 1).tell(0, 2), []],
  ["mute held as the panel appears", false, (d) => d.tell(0, 1).tell(0, 2), []],
  [
    "a long press tests, and does not unmute",
    true,
    (d) =>
      d
        .tell(0, 0)
        .tell(0, 1, 0)
        .at(longPressMs)
        .at(longPressMs + 1)
        .tell(0, 2, longPressMs + 2),
    ["self-test"],
  ],
  [
    "a long press mutes, tests, and stays muted",
    false,
    (d) =>
      d
        .tell(0, 0)
        .tell(0, 1, 0)
        .at(longPressMs - 1)
        .at(longPressMs)
        .tell(0, 2, longPressMs),
    ["mute", "self-test"],
  ],
  [
    "a long press that ends before anybody looks at the time",
    true,
    (d) =>
      d
        .tell(0, 0)
        .tell(0, 1, 0)
        .at(longPressMs - 1)
        .tell(0, 2, longPressMs),
    ["self-test"],
  ],
  ["mute held as the panel goes", true, (d) => d.tell(0, 0).tell(0, 1, 0).gone().at(longPressMs), []],
];

for (const [what, muted, act, commands] of rows) {
  test(what, () => {
    const desk = new Desk(muted);
    act(desk);
    assert.deepEqual(desk.commands, commands);
  });
}

test("whatever lines are lost, talk ends as the key is, and commands alternate", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()), { maxLength: 60 }), (moves) => {
      const desk = new Desk().tell(0, 0);
      let [talk, mute] = [0, 0];
      for (const [n, [movesTalk, movesMute, lost]] of moves.entries()) {
        if (movesTalk) talk = (talk + 1) % 100;
        if (movesMute) mute = (mute + 1) % 100;
        if (!lost) desk.tell(talk, mute, n).at(n);
      }
      desk.tell(talk, mute, moves.length);
      assert.equal(desk.keys.talk, talk % 2 === 1 ? "down" : "up");
      for (const [on, off] of [
        ["talk", "talk-end"],
        ["mute", "unmute"],
      ] as const) {
        const own = desk.commands.filter((command) => command === on || command === off);
        for (const [n, command] of own.entries()) assert.equal(command, n % 2 === 0 ? on : off);
      }
    }),
  );
});
