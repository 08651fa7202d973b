import { fstatSync } from "node:fs";
import { Socket } from "node:net";
import { finished, type Readable } from "node:stream";

/** Bytes that come by themselves, for one listener. */
export interface ByteInput {
  /**
   * Calls `onBytes` with whatever has come: good only until it returns. What it throws ends the listening.
   * Resolves at the end of the input; rejects with what it threw, or when the input breaks off.
   */
  listen(onBytes: (bytes: Uint8Array) => void): Promise<void>;
  pause(): void;
  resume(): void;
  destroy(): void;
}

/** A pipe gives no more at once. */
const mostBytes = 65_536;

/** Standard input, whatever it is: nothing else may read it. */
export function standardInput(): ByteInput {
  const what = fstatSync(0);
  return what.isFIFO() || what.isSocket() ? pipeInput(0) : streamInput(process.stdin);
}

/**
 * A pipe or socket by its descriptor. All that comes is read into the same memory: a stream would take new memory for
 * each message, and more time than all that is done with the sound.
 */
export function pipeInput(descriptor: number): ByteInput {
  let hear: (bytes: Uint8Array) => void = () => {};
  const memory = Buffer.allocUnsafeSlow(mostBytes);
  let heard = new Uint8Array(0);
  const socket = new Socket({
    fd: descriptor,
    readable: true,
    writable: false,
    onread: {
      buffer: memory,
      callback(length) {
        // Of live sound, one message is as long as the other.
        if (heard.length !== length) heard = new Uint8Array(memory.buffer, memory.byteOffset, length);
        hear(heard);
        return true;
      },
    },
  });
  return input(socket, (onBytes) => {
    hear = onBytes;
    socket.resume();
    return () => {
      hear = () => {};
    };
  });
}

export function streamInput(stream: Readable): ByteInput {
  return input(stream, (onBytes) => {
    stream.on("data", onBytes);
    return () => stream.off("data", onBytes);
  });
}

function input(stream: Readable, attach: (onBytes: (bytes: Uint8Array) => void) => () => void): ByteInput {
  return {
    async listen(onBytes) {
      const over = Promise.withResolvers<undefined>();
      const forget = finished(stream, { writable: false }, (error) => {
        if (error === undefined || error === null) over.resolve(undefined);
        else over.reject(error);
      });
      const detach = attach((bytes) => {
        try {
          onBytes(bytes);
        } catch (error) {
          over.reject(error);
        }
      });
      try {
        await over.promise;
      } finally {
        forget();
        detach();
      }
    },
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    destroy: () => void stream.destroy(),
  };
}
