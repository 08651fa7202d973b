/** Every way the program can name a failure. One closed set: a new failure gets a new code here, with its meaning. */
export type FaultCode =
  // what a person wrote
  | "config-invalid" // a setting, flag or file content is not allowed
  | "config-unreadable" // the file (or a secret's file) cannot be read
  // updates
  | "update-refused" // a release that is not vouched for, or not meant for this device
  | "update-failed" // a release that cannot be had, or does not start
  // capture
  | "recorder-missing" // the recorder program is not installed
  | "device-missing" // the microphone is not there
  | "device-busy" // another program holds the microphone
  | "device-denied" // the program may not use the microphone
  | "device-unsuitable" // the microphone does not deliver what is asked of it: rate, channels, format
  | "device-lost" // the microphone went away while recording
  | "sound-server-away" // the sound server refuses connections
  | "recorder-failed" // the recorder ended for a reason not listed above
  | "recorder-stalled" // the recorder runs, but delivers no audio
  | "source-unreadable" // a sound file is missing, or it or a stream cannot be read
  | "source-unusable" // a sound file or stream has content that cannot be converted
  // serial ports: the front panel, a serial microphone
  | "serial-missing" // the port is not there
  | "serial-busy" // another program holds the port
  | "serial-denied" // the program may not use the port
  | "serial-unsuitable" // what is there is no serial port, or does not take the speed
  | "serial-lost" // the port went away while it was in use
  | "serial-silent" // the port is open, and nothing that makes sense comes in
  | "serial-failed" // any other error of the port
  // playback
  | "player-missing" // the player program is not installed
  | "speaker-missing" // the loudspeaker is not there
  | "speaker-busy" // another program holds the loudspeaker
  | "speaker-denied" // the program may not use the loudspeaker
  | "speaker-unsuitable" // the loudspeaker does not take what is given to it: rate, channels, format
  | "speaker-lost" // the loudspeaker went away while playing
  | "player-failed" // the player ended for a reason not listed above
  | "player-stalled" // the player runs, but takes no sound
  | "file-unwritable" // a file that was asked for cannot be written
  // what came over the wire
  | "wire-bad-json"
  | "wire-bad-message" // JSON, but not a message of the protocol
  | "wire-unknown-type" // a resp_type that the protocol does not list
  | "wire-binary" // binary where the protocol has only text
  | "wire-oversized"
  // connections
  | "link-unreachable" // DNS, TCP or TLS did not get that far
  | "link-lost" // an established connection ended without being asked
  | "link-dead" // an established connection no longer answers pings
  | "link-timeout" // no answer to the upgrade, START or END in time
  | "token-refused" // IAM gave no token
  | "token-unreachable" // IAM could not be asked
  // fleet
  | "broker-unreachable"
  | "broker-refused"
  | "broker-lost"
  | "command-failed" // what the fleet told the device to do could not be done
  | "command-forbidden" // a console that may only look was asked for a command
  // the disk
  | "disk-full"
  | "disk-read-only"
  | "disk-denied" // the agent may not write there, or there is no such folder
  | "disk-in-use" // another agent keeps its sound there
  | "disk-slow"
  | "disk-failed" // any other error of the file system
  // our own
  | "address-unavailable" // a server of ours cannot listen on the address and port it was given
  | "internal";

/** A failure with a code that policy tables can act on, and words that a person can act on. */
export class Fault extends Error {
  readonly code: FaultCode;
  /** What a person should do about it; empty where the message says it all. */
  readonly hint: string;

  /**
   * @param message what happened, naming the thing; never holds secrets, speech, or unbounded outside text
   * @param options.hint what a person should do
   * @param options.cause the error underneath, for logs
   */
  constructor(code: FaultCode, message: string, options: { readonly hint?: string; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "Fault";
    this.code = code;
    this.hint = options.hint ?? "";
  }
}

/** Any thrown value as a Fault; what is not one already is `internal`. */
export function toFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  return new Fault("internal", error instanceof Error ? error.message : String(error), { cause: error });
}

/**
 * Text from outside, made fit for a log line or a payload: control characters (escape sequences among them, and what
 * turns the direction of text round) become spaces, halves of characters become U+FFFD, and what is longer than
 * `maxLength` UTF-16 units is cut, never inside a character, and marked with `…`.
 */
export function printable(text: string, maxLength = 200): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is removed here
  const clean = text.slice(0, maxLength + 1).replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, " ");
  const cut = clean.slice(0, maxLength).replace(/[\ud800-\udbff]$/, "");
  return (clean.length > maxLength ? `${cut}…` : clean).toWellFormed();
}
