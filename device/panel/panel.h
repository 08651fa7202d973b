/* What the panel's protocol needs of a board: these are yours to write. See docs/panel.md. */
#ifndef SIS_AGENT_PANEL_H
#define SIS_AGENT_PANEL_H

#include <stdint.h>

/* Characters of your text line, 0 if there is none; and whether it shows more than ASCII. */
#define PANEL_COLUMNS 16
#define PANEL_CHARACTERS "ascii"

uint32_t board_millis(void);
/* The next byte from the serial port; -1: none has come. Never waits. */
int board_read(void);
void board_write(uint8_t byte);
/* Keys, debounced: not 0 while the key is down. */
int board_talk_key(void);
int board_mute_key(void);
/* phase: one of i l s b h m x t (docs/panel.md), or ? while the agent is away; severity 0..4; level 0..9. */
void board_lamps(char phase, uint8_t severity, uint8_t level);
/* The text line; it is gone when this returns: copy it. */
void board_text(const char *text);

void panel_setup(void);
/* Call it again and again, at least every 20 ms. */
void panel_loop(void);

#endif
