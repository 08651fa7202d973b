import { Fault } from "../../base/fault.ts";

/** Says whether a frame of `frameMs` sounds like a voice. Remembers what came before: frames must follow each other. */
export type VoiceActivity = (frame: Int16Array) => boolean;

/** One of the lengths that WebRTC's detector takes (10, 20, 30). */
export const frameMs = 20;

/** 0 to 3, ever harder to convince. From 2 on, quiet speech is missed; 0 takes single tones for speech. */
const mode = 1;

/**
 * WebRTC's voice activity detector (libfvad, compiled to WebAssembly). Its files are read only now.
 * @param sampleRate 8000 or 16000 Hz
 * @throws {Fault} `internal` where it cannot be loaded
 */
export async function loadVoiceActivity(sampleRate: number): Promise<VoiceActivity> {
  const { default: fvad } = await import("@echogarden/fvad-wasm");
  const module = await fvad({ printErr() {} });
  const frameLength = (sampleRate * frameMs) / 1000;
  const detector = module._fvad_new();
  const samples = module._malloc(frameLength * Int16Array.BYTES_PER_ELEMENT);
  const fit = module._fvad_set_mode(detector, mode) === 0 && module._fvad_set_sample_rate(detector, sampleRate) === 0;
  if (detector === 0 || samples === 0 || !fit) {
    throw new Fault("internal", `the voice activity detector takes no sound of ${sampleRate} Hz`);
  }
  return (frame) => {
    module.HEAP16.set(frame, samples / Int16Array.BYTES_PER_ELEMENT);
    return module._fvad_process(detector, samples, frameLength) === 1;
  };
}
