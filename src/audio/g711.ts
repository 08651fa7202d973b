/**
 * ITU-T G.711: 16-bit linear PCM as 8-bit logarithmic codes, µ-law and A-law.
 * A code is sign, 3-bit segment (the power of two), 4-bit step within it; µ-law goes out inverted, A-law with every
 * second bit inverted.
 */

const muLawBias = 0x84;
const muLawLargest = 0x7fff - muLawBias;

/** One code a sample. */
export function encodeMuLaw(samples: Int16Array): Uint8Array {
  return Uint8Array.from(samples, muLawCode);
}

/** One sample a code. */
export function decodeMuLaw(codes: Uint8Array): Int16Array {
  return Int16Array.from(codes, (code) => muLawSamples[code] ?? 0);
}

/** One code a sample. */
export function encodeALaw(samples: Int16Array): Uint8Array {
  return Uint8Array.from(samples, aLawCode);
}

/** One sample a code. */
export function decodeALaw(codes: Uint8Array): Int16Array {
  return Int16Array.from(codes, (code) => aLawSamples[code] ?? 0);
}

/** The distance from zero, counted as the ITU's reference code (G.191) does: −1 and 0 are both the first of their half. */
function halfOf(sample: number): number {
  return sample < 0 ? ~sample : sample;
}

function muLawCode(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(halfOf(sample), muLawLargest) + muLawBias;
  const segment = 24 - Math.clz32(magnitude); // the bias makes bit 7 the lowest possible leading one
  const step = (magnitude >> (segment + 3)) & 0x0f;
  return ~(sign | (segment << 4) | step) & 0xff;
}

function muLawSample(code: number): number {
  const bits = ~code;
  const segment = (bits >> 4) & 0x07;
  const magnitude = ((((bits & 0x0f) << 3) + muLawBias) << segment) - muLawBias;
  return (bits & 0x80) === 0 ? magnitude : -magnitude;
}

function aLawCode(sample: number): number {
  const magnitude = halfOf(sample) >> 4;
  const segment = Math.max(0, 28 - Math.clz32(magnitude));
  const step = (segment < 2 ? magnitude : magnitude >> (segment - 1)) & 0x0f;
  return ((sample < 0 ? 0 : 0x80) | (segment << 4) | step) ^ 0x55;
}

function aLawSample(code: number): number {
  const bits = code ^ 0x55;
  const segment = (bits >> 4) & 0x07;
  const step = ((bits & 0x0f) << 4) + 8; // the middle of the step
  const magnitude = segment === 0 ? step : (step + 0x100) << (segment - 1);
  return (bits & 0x80) === 0 ? -magnitude : magnitude;
}

const allCodes = Uint8Array.from({ length: 256 }, (_, code) => code);
const muLawSamples = Int16Array.from(allCodes, muLawSample);
const aLawSamples = Int16Array.from(allCodes, aLawSample);
