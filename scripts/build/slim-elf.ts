/**
 * What an executable needs in order to run: its segments. Symbols, debugging notes and the table of sections, which only
 * tools read, lie behind them and are left out. Done here, and not by `strip`, because it must be the same on every
 * machine and for every processor. Source: System V ABI, chapter 4 (ELF header) and 5 (program header).
 * @param elf a 64-bit little-endian executable; not changed
 * @throws {Error} where it is not
 */
export function withoutSections(elf: Uint8Array): Buffer {
  const from = Buffer.from(elf.buffer, elf.byteOffset, elf.byteLength);
  if (from.length < 64 || from.readUInt32BE(0) !== 0x7f454c46 || from[4] !== 2 || from[5] !== 1)
    throw new Error("not a 64-bit little-endian ELF file");
  const headers = Number(from.readBigUInt64LE(32));
  const size = from.readUInt16LE(54);
  const count = from.readUInt16LE(56);
  let end = headers + size * count;
  for (let index = 0; index < count; index += 1) {
    const header = headers + index * size;
    end = Math.max(end, Number(from.readBigUInt64LE(header + 8) + from.readBigUInt64LE(header + 32)));
  }
  if (end > from.length) throw new Error("an ELF file that is cut off");
  const slim = Buffer.from(from.subarray(0, end));
  slim.writeBigUInt64LE(0n, 40); // where the sections are
  slim.writeUInt16LE(0, 60); // how many there are
  slim.writeUInt16LE(0, 62); // which of them holds their names
  return slim;
}
