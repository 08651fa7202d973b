import type { Clock } from "../base/clock.ts";
import { toFault } from "../base/fault.ts";
import type { Credentials } from "./credentials.ts";
import { type Link, type LinkEnding, type LinkListener, openLink } from "./link.ts";
import { unreachable } from "./link-ending.ts";

/**
 * Gets credentials for `url` and opens a connection with them: one attempt, which `closed` ends exactly once. Until the
 * connection is there, sending does nothing; closing ends the attempt at whatever point it is.
 */
export function dial(options: {
  readonly url: URL;
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly listener: LinkListener;
  /** How far has been sent, as a number that never falls. */
  readonly mark: () => number;
  /** Told what the service's clock says, ms since the epoch, whenever it answers. */
  readonly onDate?: (serverMs: number) => void;
}): Link {
  const { url, credentials, clock, listener, mark, onDate } = options;
  const attempt = new AbortController();
  let link: Link | null = null;

  async function open(): Promise<void> {
    const headers = await credentials.authorize(url, attempt.signal);
    if (!attempt.signal.aborted) link = openLink({ url, headers, clock, listener, mark, onDate });
  }

  /** Ends the attempt before there is a link; the link has its own end. */
  function cancel(): void {
    if (attempt.signal.aborted) return;
    attempt.abort();
    clock.after(0, () => listener.closed(cancelled));
  }

  open().catch((error: unknown) => {
    if (!attempt.signal.aborted) listener.closed(unreachable(toFault(error)));
    attempt.abort();
  });

  return {
    sendText: (text) => link?.sendText(text),
    sendAudio: (bytes) => link?.sendAudio(bytes),
    ping: () => link?.ping(),
    bufferedBytes: () => link?.bufferedBytes() ?? 0,
    close: () => (link === null ? cancel() : link.close()),
    destroy: () => (link === null ? cancel() : link.destroy()),
  };
}

const cancelled: LinkEnding = { how: "closed", code: 1006, reason: "", asked: true };
