import { minutes } from "./format.ts";
import { emptyLine, type Line, line, span } from "./line.ts";

/** What the audience has to know before it begins. @param origin where the sound comes from, in words */
export function openingLines(origin: string, words: number | null, endMs: number): readonly Line[] {
  const fact = (name: string, text: string) => line(11, span(`  ${name.padEnd(9)}`, "quiet"), span(text));
  const voice =
    words === null
      ? []
      : [
          fact(
            "voice",
            "it says running numbers, 0001, 0002, …, so that a word that is lost, or comes twice, shows by itself",
          ),
        ];
  return [
    emptyLine,
    line(
      0,
      span("sis-agent demo", "strong"),
      span(`: a microphone that never loses a word. ${minutes(endMs)}, Ctrl-C stops.`),
    ),
    fact("sound", origin),
    ...voice,
    fact("agent", "the real one, as `run` starts it, with the settings that are there by default"),
    fact("service", "a simulator of Huawei Cloud SIS on this machine; it will misbehave"),
    fact("fleet", "an MQTT broker on this machine"),
    emptyLine,
  ];
}
