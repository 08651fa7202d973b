import * as z from "zod";
import { flag, id, name } from "./kinds.ts";
import { synthesis } from "./synthesis-schema.ts";
import { brokerUrlProblem, iamUrlProblem, serviceUrlProblem } from "./urls.ts";

// Every setting of the agent: the one source of the types, of `config schema`, of docs/configuration.md, of the sample
// configuration, and of what an error message says is allowed. Names are the same in TOML and in the code. What several
// settings must agree on is in rules.ts.
//
// Facts beside the type, as JSON Schema annotations:
//   x-unit        what the number counts
//   x-allowed     what is allowed, in words, where the type alone does not say it
//   x-path        a path: a relative one starts at the configuration file's folder
//   x-credential  the systemd credential that takes the setting's place when it is absent; its content is a secret
//   x-sensitive   shown masked
//   x-remote      may be set by the fleet, too (remote.ts); never a secret, a path, or what decides
//                 where sound comes from and who gets it

/** No path of a system holds one. */
const withoutNul = (text: string) => !text.includes("\0");

const path = (facts: { readonly description: string; readonly [annotation: string]: unknown }) =>
  z
    .string()
    .min(1)
    .max(4096)
    .refine(withoutNul)
    .meta({ "x-path": true, "x-allowed": "the path of a file", ...facts })
    .exactOptional();

/** One level of an MQTT topic (MQTT 5, 1.5.4 and 4.7), and of the address of a page. */
const topicLevel = () =>
  z
    .string()
    .max(64)
    .regex(/^(?!\$|\.{1,2}$)[^\p{Cc}/+#]+$/u)
    .refine((text) => text.length <= 64, "is too long: some characters, such as emoji, count as two")
    .refine((text) => text.isWellFormed(), "is not well-formed text")
    .meta({
      "x-allowed":
        "1 to 64 characters, none of them / + # or a control character, not beginning with $, not . or .. alone",
    });

const url = (problem: (text: string) => string | null) =>
  z
    .string()
    .max(512)
    .superRefine((text, context) => {
      const message = problem(text);
      if (message !== null) context.addIssue({ code: "custom", message });
    });

const auth = z
  .strictObject({
    method: z
      .enum(["aksk", "password", "token", "none"])
      .default("none")
      .meta({
        description:
          "How the agent proves to the service who it is: an access key that signs each request, an IAM user's password, or a ready-made token. `none` sends no proof and is allowed only where `sis.endpoint` is on loopback (the simulator).",
        "x-allowed": "aksk, password or token (none: only with an endpoint on loopback)",
        examples: ["aksk"],
      }),
    access_key: z
      .string()
      .regex(/^[!-+\--~]{1,256}$/)
      .meta({
        description: "The access key's id (AK). For `aksk`.",
        "x-allowed": "printable characters without spaces and commas",
        "x-sensitive": true,
        examples: ["HPUAEXAMPLEEXAMPLE00"],
      })
      .exactOptional(),
    secret_key_file: path({
      description: "A file that holds the access key's secret (SK). For `aksk`.",
      "x-credential": "secret_key",
      examples: ["/etc/sis-agent/secret_key"],
    }),
    user: name()
      .meta({ description: "The IAM user's name. For `password`.", examples: ["kiosk"] })
      .exactOptional(),
    domain: name()
      .meta({ description: "The name of the account that the user belongs to. For `password`.", examples: ["example"] })
      .exactOptional(),
    password_file: path({
      description: "A file that holds the IAM user's password. For `password`.",
      "x-credential": "password",
      examples: ["/etc/sis-agent/password"],
    }),
    iam_endpoint: url(iamUrlProblem)
      .meta({
        description:
          "Where tokens are asked for. For `password`. Default: the region's, where `sis.endpoint` is `sis-ext.REGION.myhuaweicloud.com`.",
        "x-allowed": "https://HOST[:PORT] (http:// only on loopback)",
        examples: ["https://iam.cn-north-4.myhuaweicloud.com"],
      })
      .exactOptional(),
    project_name: name()
      .meta({
        description:
          "The project that the token is for, by name. For `password`. Default: the region's own project where the region is known, else the project of `sis.project_id`.",
        examples: ["cn-north-4"],
      })
      .exactOptional(),
    token_file: path({
      description: "A file that holds a token. Read again whenever a token is needed. For `token`.",
      "x-credential": "token",
      examples: ["/run/sis-agent/token"],
    }),
  })
  .prefault({})
  .meta({ description: "Who the agent is to the service." });

const sis = z
  .strictObject({
    endpoint: url(serviceUrlProblem).meta({
      description: "The region's real-time endpoint of the service.",
      "x-allowed": "wss://HOST[:PORT] (ws:// only on loopback)",
      examples: ["wss://sis-ext.cn-north-4.myhuaweicloud.com"],
    }),
    project_id: id().meta({
      description: "The project's id in that region (console: My Credentials, API Credentials).",
      examples: ["0123456789abcdef0123456789abcdef"],
    }),
    mode: z.enum(["continuous", "sentence", "short"]).default("continuous").meta({
      "x-remote": true,
      description:
        "How the service takes speech: without end, one sentence a session, or up to a minute a session. The agent starts the next session by itself.",
    }),
    property: id().default("chinese_16k_general").meta({
      "x-remote": true,
      description: "The model, as language_rate_domain. Its rate must be that of `audio_format`.",
    }),
    audio_format: z
      .enum(["pcm16k16bit", "pcm8k16bit", "ulaw16k8bit", "ulaw8k8bit", "alaw16k8bit", "alaw8k8bit"])
      .default("pcm16k16bit")
      .meta({ description: "How sound is sent: PCM, or µ-law or A-law at half its bandwidth." }),
    chunk_ms: z.int().min(50).max(1000).default(100).meta({
      "x-remote": true,
      description: "Sound in one message to the service. 100 where quick words matter, 500 where they do not.",
      "x-unit": "ms",
    }),
    add_punc: flag()
      .meta({
        "x-remote": true,
        description: "Put punctuation into the text. The service's default: no.",
        examples: [true],
      })
      .exactOptional(),
    digit_norm: flag()
      .meta({
        "x-remote": true,
        description: "Write numbers in digits. The service's default: yes.",
        examples: [false],
      })
      .exactOptional(),
    vad_head: z
      .int()
      .min(0)
      .max(60_000)
      .meta({
        "x-remote": true,
        description:
          "Silence at the beginning after which a sentence is given up; 0: never. Below 1000, what lies between two sentences takes longer than the silence. The service's default: 10000.",
        "x-unit": "ms",
        examples: [10_000],
      })
      .exactOptional(),
    vad_tail: z
      .int()
      .min(0)
      .max(3000)
      .meta({
        "x-remote": true,
        description: "Silence after speech that ends a sentence. The service's default: 500.",
        "x-unit": "ms",
        examples: [500],
      })
      .exactOptional(),
    max_seconds: z
      .int()
      .min(1)
      .max(60)
      .meta({
        "x-remote": true,
        description: "The longest sentence; a longer one is cut. The service's default: 30.",
        "x-unit": "s",
        examples: [30],
      })
      .exactOptional(),
    interim_results: flag()
      .meta({
        "x-remote": true,
        description: "Also results that are not final yet, while someone speaks. The service's default: no.",
        examples: [true],
      })
      .exactOptional(),
    vocabulary_id: id()
      .meta({ "x-remote": true, description: "A hot-word table of the project.", examples: ["0123456789abcdef"] })
      .exactOptional(),
    need_word_info: flag()
      .meta({
        "x-remote": true,
        description: "Also the time of each word. The service's default: no.",
        examples: [true],
      })
      .exactOptional(),
    auth,
  })
  .meta({ description: "The speech service." });

const audio = z
  .strictObject({
    source: z.enum(["microphone", "file", "serial", "stdin"]).default("microphone").meta({
      description: "Where sound comes from. `serial`: a microphone that speaks the protocol of docs/panel.md.",
    }),
    recorder: z
      .enum(["arecord", "rec", "sox"])
      .default("arecord")
      .meta({ description: "The program that records. For `microphone`." }),
    device: name().default("default").meta({
      description: "The recorder's name of the device; `arecord -L` lists them. For `microphone`.",
    }),
    path: path({
      description: "A WAV file for `file`, a serial port for `serial`.",
      "x-allowed": "the path of a WAV file or a serial port",
      examples: ["/var/lib/sis-agent/test.wav"],
    }),
    baud: z.int().min(1200).max(4_000_000).default(921_600).meta({
      description: "The serial port's speed. USB devices without a real UART ignore it. For `serial`.",
      "x-unit": "bit/s",
    }),
    loop: flag().prefault(false).meta({ description: "Begin again at the end. For `file`." }),
    speed: z.number().min(0.1).max(100).default(1).meta({
      description: "How fast the file is played: 1 is real time. For `file`.",
      "x-unit": "times real time",
    }),
    gate: z.enum(["always", "speech", "button"]).default("always").meta({
      description:
        "When sound is sent: always, while someone speaks (or the button is held), or while the button is held. Always with the half second before, and until the service has heard the end.",
    }),
  })
  .prefault({})
  .meta({ description: "The microphone, or what stands in for it." });

const buffer = z
  .strictObject({
    memory_seconds: z.int().min(5).max(3600).default(120).meta({
      description: "Sound kept in memory until the service is done with it. What falls out is counted and reported.",
      "x-unit": "s",
    }),
    disk: z
      .enum(["off", "outage", "always"])
      .default("outage")
      .meta({ description: "When sound is kept on disk: never, in outages and over restarts, or all the time." }),
    disk_megabytes: z.int().min(1).max(1_000_000).default(256).meta({
      description: "Most sound on disk; 1 MB holds half a minute of 16 kHz PCM.",
      "x-unit": "MB",
    }),
    disk_hours: z.number().min(0.1).max(8_760).default(24).meta({
      description: "Sound that has been on disk for longer is deleted, recognised or not.",
      "x-unit": "h",
    }),
    flush_ms: z.int().min(100).max(10_000).default(500).meta({
      description: 'With disk = "always": how often sound is written. A power cut costs at most this much.',
      "x-unit": "ms",
    }),
    catch_up_rate: z.number().min(1.1).max(20).default(3).meta({
      "x-remote": true,
      description: "How fast a backlog is sent after an outage.",
      "x-unit": "times real time",
    }),
  })
  .prefault({})
  .meta({ description: "Where sound waits for the service." });

const mqtt = z
  .strictObject({
    url: url(brokerUrlProblem).meta({
      description: "The fleet's broker.",
      "x-allowed": "mqtts:// or mqtt://, then HOST[:PORT]",
      examples: ["mqtts://broker.example:8883"],
    }),
    protocol: z.literal([5, 4]).default(5).meta({ description: "The version of MQTT: 5, or 4 for MQTT 3.1.1." }),
    user: name()
      .meta({ description: "The user's name at the broker. Usually the device's id.", examples: ["kiosk-17"] })
      .exactOptional(),
    password_file: path({
      description: "A file that holds the password at the broker.",
      "x-credential": "mqtt_password",
      examples: ["/etc/sis-agent/mqtt_password"],
    }),
    ca_file: path({
      description: "The authorities trusted to name the broker (PEM). Default: the system's.",
      "x-credential": "mqtt_ca",
      examples: ["/etc/sis-agent/ca.pem"],
    }),
    cert_file: path({
      description: "The device's certificate for the broker (PEM).",
      "x-credential": "mqtt_cert",
      examples: ["/etc/sis-agent/device.pem"],
    }),
    key_file: path({
      description: "The private key of `cert_file` (PEM).",
      "x-credential": "mqtt_key",
      examples: ["/etc/sis-agent/device.key"],
    }),
    transcripts: flag().prefault(false).meta({ description: "Publish what was said. Off by default: it is private." }),
    home_assistant: flag().prefault(false).meta({
      description: "Announce the device to Home Assistant (below the topic `homeassistant/`).",
    }),
  })
  .meta({ description: "Reporting to the fleet. Without this table nothing is reported." })
  .exactOptional();

const metrics = z
  .strictObject({
    listen: z
      .string()
      .regex(/^(?:127(?:\.\d{1,3}){3}|localhost|\[::1\]):(?:0|[1-9]\d{0,4})$/)
      .refine((text) => Number(text.slice(text.lastIndexOf(":") + 1)) <= 65_535)
      .meta({
        description: "Where Prometheus may ask for the agent's metrics, at the path `/metrics`.",
        "x-allowed": "an address of this machine only, and a port: 127.0.0.1:PORT",
        examples: ["127.0.0.1:9469"],
      }),
  })
  .meta({ description: "Metrics for a Prometheus on this machine. Without this table there are none." })
  .exactOptional();

const panel = z
  .strictObject({
    port: z
      .string()
      .min(1)
      .max(4096)
      .refine(withoutNul)
      .meta({
        description: "The panel's serial port.",
        "x-path": true,
        "x-allowed": "the path of a serial port",
        examples: ["/dev/ttyACM0"],
      }),
    baud: z.int().min(1200).max(4_000_000).default(115_200).meta({
      description: "Its speed. USB devices without a real UART ignore it.",
      "x-unit": "bit/s",
    }),
  })
  .meta({ description: "A front panel on a serial port. Without this table there is none." })
  .exactOptional();

export const settingsSchema = z
  .strictObject({
    device_id: topicLevel()
      .meta({
        description:
          "The device's name in the fleet, its MQTT client id and a level of its topics. Default: derived from /etc/machine-id, and the same as long as that is.",
        examples: ["kiosk-17"],
      })
      .exactOptional(),
    fleet: topicLevel().default("default").meta({ description: "The fleet that the device belongs to." }),
    state_dir: z.string().min(1).max(4096).refine(withoutNul).default("/var/lib/sis-agent").meta({
      description: "Where the agent keeps what must survive a restart.",
      "x-path": true,
      "x-allowed": "the path of a folder",
    }),
    log_level: z.enum(["debug", "info", "warn", "error"]).default("info").meta({
      "x-remote": true,
      description: "The least important messages that are still logged. `--log-level` overrides it.",
    }),
    sis,
    audio,
    buffer,
    synthesis,
    mqtt,
    metrics,
    panel,
  })
  .meta({ title: "sis-agent configuration" });

type DeepReadonly<T> = T extends object ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> } : T;

/** What the agent runs on: validated, defaults filled in, paths absolute. */
export type Settings = DeepReadonly<z.output<typeof settingsSchema>> & { readonly device_id: string };

/** The configuration file's JSON Schema (draft 2020-12), with descriptions, defaults and units. */
export function settingsJsonSchema(): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(settingsSchema, { io: "input" });
}
