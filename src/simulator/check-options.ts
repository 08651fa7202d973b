import * as z from "zod";
import { Fault } from "../base/fault.ts";
import { authModes } from "./gateway.ts";
import { type SimulatorOptions, voiceKinds } from "./options.ts";

const aboveZero = z.custom<number>((value) => typeof value === "number" && value > 0, "a number above 0");
const word = z.string();
const optionsSchema = z
  .strictObject({
    host: word.min(1),
    port: z.number().int().min(0).max(65_535),
    auth: z.enum(authModes),
    accounts: z.object({
      accessKeys: z.record(word, word),
      users: z.array(z.object({ name: word, password: word, domain: word })),
      project: z.object({ id: word, name: word }).nullable(),
      tokens: z.array(word),
    }),
    limits: z
      .strictObject({
        continuousMs: aboveZero,
        sentenceMs: aboveZero,
        shortMs: aboveZero,
        connectionMs: aboveZero,
        idleMs: aboveZero,
        tokenMs: aboveZero,
      })
      .partial(),
    sentenceEnd: z.enum(["auto", "wait"]),
    voiceDbfs: z.number(),
    voice: z.enum(voiceKinds),
    speechRate: aboveZero,
    clockOffsetMs: z.number(),
    faults: z.unknown(),
    clock: z.unknown(),
    logger: z.unknown(),
  } satisfies Record<keyof SimulatorOptions, z.ZodType>)
  .partial();

/** For programs whose types nobody checks. @throws {Fault} config-invalid, naming the option */
export function checkOptions(options: SimulatorOptions): void {
  const [issue] = optionsSchema.safeParse(options).error?.issues ?? [];
  if (issue === undefined) return;
  const place = issue.path.length === 0 ? "the options" : issue.path.map(String).join(".");
  throw new Fault("config-invalid", `${place}: ${issue.message}`);
}
