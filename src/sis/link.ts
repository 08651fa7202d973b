import type { Clock } from "../base/clock.ts";
import type { Fault } from "../base/fault.ts";
import type { Diagnosis } from "./catalogue.ts";
import type { Reply } from "./reply.ts";

/** One WebSocket connection to the service. Sending is a no-op unless it is open. */
export interface Link {
  sendText(text: string): void;
  sendAudio(bytes: Uint8Array): void;
  /** Bytes accepted for sending that the operating system has not taken yet. */
  readonly bufferedBytes: number;
  /** Ends politely: close code 1000, then by force after 2 s. Again, or when ended: nothing. */
  close(): void;
  /** Ends at once. */
  destroy(): void;
}

/** What a link tells: opened? (reply | malformed | confirmed)* closed. Never called from within a call to the link. */
export interface LinkListener {
  opened(): void;
  reply(reply: Reply): void;
  /** A message that is none of the protocol's; the link goes on, or says closed. */
  malformed(fault: Fault): void;
  /** Everything sent before `mark()` returned this has arrived. */
  confirmed(mark: number): void;
  /** Exactly once, also if it never opened. Nothing is called after it. */
  closed(ending: LinkEnding): void;
}

/** How a link came to its end. */
export type LinkEnding =
  /** The upgrade was answered with an HTTP status. */
  | {
      readonly how: "refused";
      readonly status: number;
      readonly diagnosis: Diagnosis;
      /** Bounded and printable. */
      readonly message: string;
      readonly retryAfterMs: number | null;
      readonly serverDateMs: number | null;
    }
  /** It never opened: DNS, TCP, TLS, or something that speaks no HTTP; or no answer in time. */
  | { readonly how: "unreachable"; readonly fault: Fault }
  /** It was open and is closed. `asked`: by us. Code 1006: without a closing handshake. */
  | { readonly how: "closed"; readonly code: number; readonly reason: string; readonly asked: boolean }
  /** It was open and no longer answers. */
  | { readonly how: "dead"; readonly fault: Fault };

export interface LinkOptions {
  readonly url: URL;
  /** Sent with the upgrade, exactly. */
  readonly headers: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly listener: LinkListener;
  /** What has been sent so far, as a number that never falls; asked when a ping goes out. */
  readonly mark: () => number;
  readonly timing?: Partial<LinkTiming>;
}

/** Durations in ms; the defaults are what production uses. */
export interface LinkTiming {
  readonly upgradeMs: number;
  readonly pingMs: number;
  readonly deadMs: number;
  readonly closeMs: number;
  readonly refusalBodyMs: number;
}

export declare function openLink(options: LinkOptions): Link;
