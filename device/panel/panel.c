/*
 * The front panel's side of the line protocol (docs/panel.md), for any microcontroller: 100 bytes of RAM, no libraries.
 * Call panel_setup() once and panel_loop() for ever, and write the board_ functions of panel.h.
 */
#include "panel.h"

#define LONGEST_LINE 80 /* with its $ and its line feed */
#define HEARTBEAT_MS 1000UL
#define AGENT_LOST_MS 5000UL

static char line[LONGEST_LINE - 1]; /* what came after the $ so far, and room for a 0 */
static uint8_t length;
static uint8_t in_line;
static uint8_t talk_count, mute_count; /* up by one whenever a key moves; odd: it is down */
static uint32_t told_at, heard_at;
static uint8_t agent_there;

/* CRC-16/XMODEM; avr-libc has it as _crc_xmodem_update. */
static uint16_t crc_of(uint16_t crc, uint8_t byte) {
  uint8_t bit;
  crc ^= (uint16_t)byte << 8;
  for (bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (uint16_t)(crc << 1) ^ 0x1021 : (uint16_t)(crc << 1);
  return crc;
}

static void send_digit(uint8_t value) { board_write(value < 10 ? '0' + value : 'A' + value - 10); }

static void send(const char *body) {
  uint16_t crc = 0;
  board_write('$');
  for (; *body; body++) {
    board_write((uint8_t)*body);
    crc = crc_of(crc, (uint8_t)*body);
  }
  board_write('*');
  send_digit(crc >> 12);
  send_digit(crc >> 8 & 15);
  send_digit(crc >> 4 & 15);
  send_digit(crc & 15);
  board_write('\n');
}

static char *put_number(char *at, uint8_t value) { /* 0..99 */
  if (value >= 10) *at++ = '0' + value / 10;
  *at++ = '0' + value % 10;
  return at;
}

static void tell_keys(void) {
  char body[8] = "K ", *at = put_number(body + 2, talk_count);
  *at++ = ' ';
  at = put_number(at, mute_count);
  *at = 0;
  send(body);
  told_at = board_millis();
}

static void say_hello(void) {
  char body[20] = "H 1 ", *at = put_number(body + 4, PANEL_COLUMNS);
  const char *characters = PANEL_CHARACTERS;
  *at++ = ' ';
  while (*characters) *at++ = *characters++;
  *at = 0;
  send(body);
  tell_keys(); /* from here on the keys are counted */
}

static void take_body(void) {
  switch (line[0]) {
    case 'H':
      say_hello();
      break;
    case 'S': /* "S p n n" */
      if (length < 7) return;
      board_lamps(line[2], (uint8_t)(line[4] - '0'), (uint8_t)(line[6] - '0'));
      break;
    case 'T': /* "T text" */
      board_text(length > 2 ? line + 2 : "");
      break;
    default: /* a later version's */
      return;
  }
  agent_there = 1;
  heard_at = board_millis();
}

static int digit_of(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  digit |= 0x20;
  return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static void take_line(void) {
  uint16_t crc = 0, told = 0;
  uint8_t at;
  if (length < 6 || line[length - 5] != '*') return;
  for (at = length - 4; at < length; at++) {
    int digit = digit_of(line[at]);
    if (digit < 0) return;
    told = (uint16_t)(told << 4 | digit);
  }
  length -= 5;
  for (at = 0; at < length; at++) crc = crc_of(crc, (uint8_t)line[at]);
  line[length] = 0;
  if (crc == told) take_body();
}

static void take_byte(char byte) {
  if (byte == '$') {
    in_line = 1;
    length = 0;
  } else if (in_line && byte == '\n') {
    in_line = 0;
    take_line();
  } else if (in_line && byte != '\r') {
    if (length < sizeof line - 1) line[length++] = byte;
    else in_line = 0;
  }
}

void panel_setup(void) {
  in_line = agent_there = 0;
  talk_count = mute_count = 0;
  board_lamps('?', 0, 0);
  say_hello();
}

void panel_loop(void) {
  int byte;
  uint8_t moved = 0;
  while ((byte = board_read()) >= 0) take_byte((char)byte);
  if ((board_talk_key() != 0) != (talk_count & 1)) talk_count = (talk_count + 1) % 100, moved = 1;
  if ((board_mute_key() != 0) != (mute_count & 1)) mute_count = (mute_count + 1) % 100, moved = 1;
  if (moved || board_millis() - told_at >= HEARTBEAT_MS) tell_keys();
  if (agent_there && board_millis() - heard_at >= AGENT_LOST_MS) {
    agent_there = 0;
    board_lamps('?', 0, 0);
    board_text("");
  }
}
