/** Rates at which the service takes audio, Hz. */
export type SampleRate = 8000 | 16000;

/** The low and high frequencies of DTMF, Hz (ITU-T Q.23). */
export const lowTones = [697, 770, 852, 941] as const;
export const highTones = [1209, 1336, 1477, 1633] as const;

/** The digit of low tone `row` and high tone `column` is at `row * 4 + column`. */
export const dtmfDigits = "123A456B789C*0#D";

/** How digits sound. */
export interface DtmfShape {
  readonly sampleRate: SampleRate;
  /** Length of each tone, ms. */
  readonly toneMs: number;
  /** Silence between two tones, ms. */
  readonly gapMs: number;
  /** RMS of a tone with both of its frequencies, dBFS (0 = a square wave at full scale). Above -3 it clips. */
  readonly levelDbfs: number;
  /** How much louder the high frequency is than the low one, dB; negative: quieter. The level stays. */
  readonly twistDb: number;
}

/** Tones that a telephone would take for good ones: 60 ms on, 40 ms off, -15 dBFS, no twist. */
export const plainDtmf: Omit<DtmfShape, "sampleRate"> = { toneMs: 60, gapMs: 40, levelDbfs: -15, twistDb: 0 };

/**
 * The sound of `digits`: tone, gap, tone, …, tone (no gap at the ends).
 *
 * @param digits any of `0-9 * # A-D`, and a space for one more gap of silence
 * @throws {RangeError} for another character
 */
export function dtmf(digits: string, shape: DtmfShape): Int16Array {
  const toneLength = samplesIn(shape.toneMs, shape.sampleRate);
  const gapLength = samplesIn(shape.gapMs, shape.sampleRate);
  const pieces: Int16Array[] = [];
  for (const character of digits) {
    if (character === " ") {
      pieces.push(new Int16Array(gapLength));
      continue;
    }
    if (pieces.length > 0) pieces.push(new Int16Array(gapLength));
    pieces.push(tone(character, toneLength, shape));
  }
  return joined(pieces);
}

/** Samples in `ms` at `sampleRate`, rounded. */
export function samplesIn(ms: number, sampleRate: SampleRate): number {
  return Math.round((ms * sampleRate) / 1000);
}

/** One sound after the other. */
export function joined(pieces: readonly Int16Array[]): Int16Array {
  const whole = new Int16Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function tone(digit: string, length: number, shape: DtmfShape): Int16Array {
  const index = dtmfDigits.indexOf(digit);
  const low = lowTones[index >> 2];
  const high = highTones[index & 3];
  if (low === undefined || high === undefined) throw new RangeError(`"${digit}" is not a DTMF digit`);
  // Two sines of amplitudes a and b have an RMS of √((a² + b²) / 2): split the power as the twist asks.
  const power = 10 ** (shape.levelDbfs / 10) * 2;
  const ratio = 10 ** (shape.twistDb / 10);
  const lowAmplitude = Math.sqrt(power / (1 + ratio));
  const highAmplitude = Math.sqrt((power * ratio) / (1 + ratio));
  const samples = new Int16Array(length);
  for (let i = 0; i < length; i++) {
    const angle = (2 * Math.PI * i) / shape.sampleRate;
    const value = lowAmplitude * Math.sin(low * angle) + highAmplitude * Math.sin(high * angle);
    samples[i] = Math.round(Math.max(-1, Math.min(1, value)) * 32767);
  }
  return samples;
}
