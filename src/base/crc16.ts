/**
 * CRC-16/XMODEM (polynomial 0x1021, beginning with 0, high bit first): the checksum of what goes over serial ports. Small
 * enough for any microcontroller; avr-libc has it as `_crc_xmodem_update`. Of the nine bytes "123456789": 0x31c3.
 */
export function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021;
    crc &= 0xffff;
  }
  return crc;
}
