import type { SerialPort } from "serialport";
import { type Clock, pause } from "./clock.ts";
import { Fault, type FaultCode, printable, toFault } from "./fault.ts";

// The one file that knows serialport. What the library leaves open is closed here: a SerialPort is used for one opening
// only (what is written to a closed one comes out of the next opening), what the far end does not take is not queued
// without bound, `error` may come at any time and `close` twice, a port that opens late is closed again.

/** A port that is open. */
export interface SerialLine {
  /** Sends bytes. @returns false: they were not taken, because the far end does not read or the port is closed */
  write(bytes: Uint8Array): boolean;
}

export interface SerialOptions {
  /** `/dev/ttyACM0`, … */
  readonly path: string;
  /** Bits a second; USB devices that have no real UART ignore it. */
  readonly baudRate: number;
  readonly clock: Clock;
  /** The port is open. Called once at most. */
  readonly opened: (line: SerialLine) => void;
  /** Bytes have come, cut anywhere. Not reused. */
  readonly heard: (bytes: Uint8Array) => void;
}

/** More than this is not kept waiting for a far end that does not read. */
const mostWaitingBytes = 4096;
/** For an opening, a last write and a closing that are under way when all is over: each of them. */
const partingMs = 1000;

/**
 * Opens a serial port once, and keeps it until it breaks off or is stopped: raw, 8 data bits, no parity, 1 stop bit, no
 * flow control. Never rejects; nothing is called after it resolves.
 * @returns why it is over (a `serial-…` fault); null: it was stopped
 */
export async function talk(options: SerialOptions, stop: AbortSignal): Promise<Fault | null> {
  if (stop.aborted) return null;
  const { path, baudRate, clock } = options;
  let port: SerialPort;
  try {
    // Loaded only where it is used: it brings a native addon, which not every disk lets in.
    const { SerialPort: Port } = await import("serialport");
    port = new Port({ path, baudRate, autoOpen: false });
  } catch (error) {
    return serialFault(path, toFault(error));
  }
  if (stop.aborted) return null;
  const ending = Promise.withResolvers<Fault | null>();
  const tried = new AbortController();
  const closed = new AbortController();
  let over = false;
  let lastWrite: Promise<unknown> = Promise.resolve();

  port.on("error", (error) => ending.resolve(serialFault(path, error)));
  port.on("close", () => {
    closed.abort();
    ending.resolve(lost(path));
  });
  port.on("data", (bytes: Uint8Array) => {
    if (!over) options.heard(bytes);
  });
  const onStop = () => ending.resolve(null);
  stop.addEventListener("abort", onStop);
  port.open((error) => {
    tried.abort();
    if (error !== null) ending.resolve(serialFault(path, error));
    else if (over) port.close(() => {});
    else options.opened({ write });
  });

  function write(bytes: Uint8Array): boolean {
    if (over || !port.isOpen || port.writableLength + bytes.length > mostWaitingBytes) return false;
    // A failure comes as `error` or `close`, too.
    lastWrite = new Promise((resolve) => port.write(Buffer.from(bytes), resolve));
    return true;
  }

  const cause = await ending.promise;
  over = true;
  stop.removeEventListener("abort", onStop);
  await pause(clock, partingMs, tried.signal);
  if (!port.isOpen) return cause;
  // Closing overtakes what is being written: a goodbye would be lost.
  const written = new AbortController();
  void lastWrite.then(() => written.abort());
  await pause(clock, partingMs, written.signal);
  if (!port.isOpen) return cause;
  port.close(() => closed.abort());
  await pause(clock, partingMs, closed.signal);
  return cause;
}

type Row = readonly [pattern: RegExp, code: FaultCode, says: string, hint: string];

/** serialport's errors have no codes: these are its words, and strerror(3)'s. */
const rows: readonly Row[] = [
  [
    /No such (file or directory|device)/,
    "serial-missing",
    "is not there",
    "Plug the device in; ls -l /dev/serial/by-id shows the ports there are, and names for them that stay.",
  ],
  [
    /Cannot lock port|busy|temporarily unavailable/,
    "serial-busy",
    "is in use by another program",
    "fuser -v PORT shows which (ModemManager is a usual one): stop it.",
  ],
  [
    /Permission denied|not permitted/,
    "serial-denied",
    "may not be used by this user",
    "Add the user to the group dialout, or give the service SupplementaryGroups=dialout.",
  ],
  [
    /Inappropriate ioctl|directory|Invalid argument|baud/,
    "serial-unsuitable",
    "is no serial port, or does not take the speed asked for",
    "Check the path of the port, and its baud.",
  ],
];

/** What an error of the port means, in words. */
function serialFault(path: string, error: Error): Fault {
  const name = printable(path);
  const row = rows.find(([pattern]) => pattern.test(error.message));
  if (row === undefined) return new Fault("serial-failed", `${name}: ${printable(error.message)}`, { cause: error });
  const [, code, says, hint] = row;
  return new Fault(code, `${name} ${says}`, { hint: hint.replace("PORT", name), cause: error });
}

function lost(path: string): Fault {
  return new Fault("serial-lost", `${printable(path)} went away`, {
    hint: "Check the device's plug, cable and power supply.",
  });
}

/** The device on the port says nothing that makes sense. @param what it should be: "a front panel" */
export function silentDevice(path: string, what: string, hint: string): Fault {
  return new Fault("serial-silent", `what is at ${printable(path)} does not speak as ${what} does`, { hint });
}
