/* A board that is this computer, to try the reference firmware on: serial port, lamps and keys are standard streams.
 * stdin is the serial port; stdout, too. Lamps and text go to stderr. SIGUSR1 moves the talk key, SIGUSR2 the mute key. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "../../device/panel/panel.h"

static volatile sig_atomic_t talk, mute;
static void on_signal(int which) { if (which == SIGUSR1) talk = !talk; else mute = !mute; }

uint32_t board_millis(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint32_t)(now.tv_sec * 1000 + now.tv_nsec / 1000000);
}
int board_read(void) {
  unsigned char byte;
  struct pollfd wait = {0, POLLIN, 0};
  if (poll(&wait, 1, 0) <= 0) return -1;
  if (read(0, &byte, 1) != 1) exit(0);
  return byte;
}
void board_write(uint8_t byte) { if (write(1, &byte, 1) != 1) exit(0); }
int board_talk_key(void) { return talk; }
int board_mute_key(void) { return mute; }
void board_lamps(char phase, uint8_t severity, uint8_t level) { fprintf(stderr, "lamps %c %d %d\n", phase, severity, level); }
void board_text(const char *text) { fprintf(stderr, "text %s\n", text); }

int main(void) {
  signal(SIGUSR1, on_signal);
  signal(SIGUSR2, on_signal);
  panel_setup();
  for (;;) {
    panel_loop();
    usleep(5000);
  }
}
