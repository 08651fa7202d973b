import * as z from "zod";
import { flag, id, name } from "./kinds.ts";

/** A text that the agent speaks on an occasion. */
const prompt = (occasion: string, example: string) =>
  z
    .string()
    .min(1)
    .max(2000)
    .meta({
      description: `Spoken ${occasion}. Absent: nothing is.`,
      "x-allowed": "1 to 2000 characters",
      examples: [example],
    })
    .exactOptional();

/** The table [synthesis]. */
export const synthesis = z
  .strictObject({
    property: id().default("chinese_xiaoyan_common").meta({ description: "The voice, as language_speaker_domain." }),
    audio_format: z
      .enum(["pcm", "alaw", "ulaw"])
      .default("pcm")
      .meta({ description: "How sound comes from the service: PCM, or A-law or µ-law at half its bandwidth." }),
    sample_rate: z.literal([16_000, 8000]).default(16_000).meta({
      description: "The sound's sampling rate: 16000 or 8000.",
      "x-allowed": "16000 or 8000 (Hz)",
    }),
    speed: z.int().min(-500).max(500).default(0).meta({ description: "How fast it speaks." }),
    pitch: z.int().min(-500).max(500).default(0).meta({ description: "How high it speaks." }),
    volume: z.int().min(0).max(100).default(50).meta({ description: "How loud the service makes it." }),
    gain_db: z.number().min(-60).max(20).default(0).meta({
      description: "How much louder (or, negative, quieter) it is played than it comes.",
      "x-unit": "dB",
    }),
    player: z.enum(["aplay", "play"]).default("aplay").meta({ description: "The program that plays." }),
    device: name().default("default").meta({ description: "The player's name of the device; `aplay -L` lists them." }),
    barge_in: flag().prefault(false).meta({
      description:
        "Listen while speaking. Without it, what the microphone hears then is not recognised, so that the agent never hears itself.",
    }),
    duck_db: z.number().min(0).max(60).default(12).meta({
      description:
        "How much quieter it speaks, with barge_in, while somebody speaks to it. The microphone has to cancel echoes, or else the agent gives way to its own voice. 0: it does not.",
      "x-unit": "dB",
    }),
    tail_ms: z.int().min(0).max(5000).default(500).meta({
      description: "How long the room echoes after the last word: not listened to either.",
      "x-unit": "ms",
    }),
    cache_megabytes: z.int().min(0).max(1000).default(16).meta({
      description:
        "Most sound of prompts on disk, so that they can be spoken without the service; 1 MB holds half a minute. 0: none.",
      "x-unit": "MB",
    }),
    prompt_start: prompt("when the agent has started", "Ready."),
    prompt_mute: prompt("when the microphone has been muted", "Muted."),
    prompt_unmute: prompt("when the microphone listens again", "Listening."),
    prompt_alarm: prompt("when an alarm is raised, but not more than once a minute", "Please call for help."),
  })
  .prefault({})
  .meta({ description: "Speaking." });
