/** What `audio_format` says of the bytes that follow. */
export interface SoundFormat {
  readonly rate: number;
  readonly bytesPerMs: number;
  decode(bytes: Buffer): Int16Array;
}

const codings: Readonly<
  Record<string, { readonly width: number; readonly sampleAt: (b: Buffer, i: number) => number }>
> = {
  pcm: { width: 2, sampleAt: (bytes, index) => bytes.readInt16LE(index * 2) },
  ulaw: { width: 1, sampleAt: (bytes, index) => muLaw(bytes[index] ?? 0) },
  alaw: { width: 1, sampleAt: (bytes, index) => aLaw(bytes[index] ?? 0) },
};

/** null: no such format. */
export function soundFormat(name: unknown): SoundFormat | null {
  const [, kind, kilohertz] = /^(pcm|ulaw|alaw)(8|16)k(?:8|16)bit$/.exec(String(name)) ?? [];
  const coding = kind === undefined ? undefined : codings[kind];
  if (coding === undefined) return null;
  const { width, sampleAt } = coding;
  const rate = Number(kilohertz) * 1000;
  return {
    rate,
    bytesPerMs: (rate * width) / 1000,
    decode: (bytes) => Int16Array.from({ length: bytes.length / width }, (_, index) => sampleAt(bytes, index)),
  };
}

// ITU-T G.711.
function muLaw(byte: number): number {
  const code = ~byte & 0xff;
  const magnitude = ((((code & 0x0f) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84;
  return code >= 0x80 ? -magnitude : magnitude;
}

function aLaw(byte: number): number {
  const code = byte ^ 0x55;
  const exponent = (code >> 4) & 7;
  const mantissa = ((code & 0x0f) << 4) + 8;
  const magnitude = exponent === 0 ? mantissa : (mantissa + 0x100) << (exponent - 1);
  return code >= 0x80 ? magnitude : -magnitude;
}
