import { decodeALaw, decodeMuLaw } from "../audio/g711.ts";
import { type AudioFormat, encodingOf } from "../sis/request.ts";

/** Turns the bytes of one session into samples, wherever messages cut them. */
export type AudioDecoder = (bytes: Uint8Array) => Int16Array;

/** A decoder for one session's audio: signed 16 bit little-endian PCM, or G.711 bytes. */
export function audioDecoder(format: AudioFormat): AudioDecoder {
  switch (encodingOf(format)) {
    case "pcm":
      return pcmDecoder();
    case "ulaw":
      return decodeMuLaw;
    case "alaw":
      return decodeALaw;
  }
}

function pcmDecoder(): AudioDecoder {
  /** Half a sample, from the message before; or nothing. */
  let half = Buffer.alloc(0);
  return (bytes) => {
    const whole = Buffer.concat([half, bytes]);
    const samples = new Int16Array(whole.length >> 1);
    for (let i = 0; i < samples.length; i++) samples[i] = whole.readInt16LE(2 * i);
    half = Buffer.from(whole.subarray(2 * samples.length));
    return samples;
  };
}
