import * as z from "zod";
import { Fault } from "../base/fault.ts";
import { authModes } from "./gateway.ts";
import { type SimulatorOptions, voiceKinds } from "./options.ts";

const limit = z.number().positive();
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
        continuousMs: limit,
        sentenceMs: limit,
        shortMs: limit,
        connectionMs: limit,
        idleMs: limit,
        tokenMs: limit,
      })
      .partial(),
    sentenceEnd: z.enum(["auto", "wait"]),
    voiceDbfs: z.number().min(-100).max(0),
    voice: z.enum(voiceKinds),
    speechRate: limit,
    clockOffsetMs: z.number(),
    faults: z.unknown(),
    clock: z.unknown(),
    logger: z.unknown(),
  })
  .partial();

/** For programs whose types nobody checks. @throws {Fault} config-invalid, naming the option */
export function checkOptions(options: SimulatorOptions): void {
  const [issue] = optionsSchema.safeParse(options).error?.issues ?? [];
  if (issue === undefined) return;
  const place = issue.path.length === 0 ? "the options" : issue.path.map(String).join(".");
  throw new Fault("config-invalid", `${place}: ${issue.message}`);
}
