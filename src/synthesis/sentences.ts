import { rttsLimits } from "../sis/rtts.ts";

/** Short sentences share a request up to this length: the service counts a request by every hundred characters begun. */
const sharedLength = 100;

/** A sentence's end: the mark, and what closes after it. A full stop ends one only before a space (3.14 is a number). */
const sentenceEnd = /(?:[。！？；…]+|[.!?;]+(?=["'”’»」』】）)\]]*(?:\s|$))|\n)["'”’»」』】）)\]]*\s*/gu;
const clauseEnd = /(?:[，、：]+|[,:](?=\s)|\s[–—-](?=\s))["'”’»」』】）)\]]*\s*/gu;
const wordEnd = /\s+/gu;

/**
 * A text as pieces, each short enough for one request and cut where a speaker would pause: after sentences; where one is
 * too long, after clauses, then words, then anywhere, but never inside a character. Short sentences stay together.
 * What cannot be spoken (pieces without a letter, digit or symbol) is left out: the result may be empty.
 * @param most length of a piece, UTF-16 units
 */
export function piecesOf(text: string, most: number = rttsLimits.textLength): string[] {
  const clean = text.toWellFormed().replace(/[^\P{Cc}\n]/gu, " ");
  const sentences = split(clean, sentenceEnd).flatMap((sentence) => fitting(sentence, most));
  return packed(sentences, Math.min(sharedLength, most)).filter((piece) => /[\p{L}\p{N}\p{S}]/u.test(piece));
}

/** A sentence as it is, or in pieces no longer than `most`. */
function fitting(sentence: string, most: number): string[] {
  if (sentence.trim().length <= most) return [sentence];
  for (const boundary of [clauseEnd, wordEnd]) {
    const parts = split(sentence, boundary);
    if (parts.length > 1)
      return packed(
        parts.flatMap((part) => fitting(part, most)),
        most,
      );
  }
  return chopped(sentence, most);
}

/** Neighbours put together as long as they fit into `most`. Longer ones stay alone. */
function packed(parts: readonly string[], most: number): string[] {
  const pieces: string[] = [];
  for (const part of parts) {
    const last = pieces.at(-1);
    if (last !== undefined && (last + part).trim().length <= most) pieces[pieces.length - 1] = last + part;
    else pieces.push(part);
  }
  return pieces.map((piece) => piece.trim()).filter((piece) => piece !== "");
}

function split(text: string, boundary: RegExp): string[] {
  const parts: string[] = [];
  let from = 0;
  for (const { index, 0: mark } of text.matchAll(boundary)) {
    parts.push(text.slice(from, index + mark.length));
    from = index + mark.length;
  }
  return [...parts, text.slice(from)].filter((part) => part !== "");
}

/** Cut by length alone, between the characters that a reader sees. */
function chopped(text: string, most: number): string[] {
  const pieces: string[] = [];
  let piece = "";
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (piece.length + segment.length > most && piece !== "") {
      pieces.push(piece);
      piece = "";
    }
    piece += segment;
  }
  return [...pieces, piece].flatMap((each) => (each.length > most ? byCodePoint(each, most) : [each]));
}

/** For what only looks like a character, and is longer than a request may be. */
function byCodePoint(text: string, most: number): string[] {
  const pieces: string[] = [];
  let piece = "";
  for (const character of text) {
    if (piece.length + character.length > most) {
      pieces.push(piece);
      piece = "";
    }
    piece += character;
  }
  return [...pieces, piece];
}
