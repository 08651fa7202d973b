import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { dirname } from "node:path";
import { certificatesFlaw, privateKeyFlaw } from "./pem.ts";
import type { ProblemCode } from "./problems.ts";
import { readTextFile } from "./text-file.ts";

/** What a secret's file holds: one line, such as a password or a token, or PEM blocks. */
export type SecretForm = "line" | "certificates" | "private-key";

export type SecretText =
  | { readonly text: string /** Every user of the machine may read the file. */; readonly exposed: boolean }
  | { readonly code: ProblemCode; readonly why: string };

const mostBytes: Readonly<Record<SecretForm, number>> = {
  line: 64 * 1024,
  certificates: 1024 * 1024,
  "private-key": 1024 * 1024,
};

/**
 * Reads a secret. A line loses the line break at its end; nothing else is trimmed. Never throws. The reason why it
 * cannot be had names neither its content nor a path that does not exist: that may be the secret itself, written where
 * its file's path belongs.
 */
export async function readSecretFile(file: string, form: SecretForm): Promise<SecretText> {
  const found = await readTextFile(file, mostBytes[form], false);
  if ("why" in found) {
    return { code: found.code, why: found.missing ? await missing(file) : `the file ${file} ${found.why}` };
  }
  const text = form === "line" ? found.text.replace(/\r?\n$/, "") : found.text;
  const flaw = flawOf(text, form);
  if (flaw !== null) return { code: "config-invalid", why: `the file ${file} ${flaw}` };
  return { text, exposed: (found.mode & constants.S_IROTH) !== 0 };
}

function flawOf(text: string, form: SecretForm): string | null {
  if (text.trim() === "") return "is empty";
  if (form === "certificates") return certificatesFlaw(text);
  if (form === "private-key") return privateKeyFlaw(text);
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return /[\u0000-\u001f\u007f]/.test(text) ? "holds more than one line of text" : null;
}

async function missing(file: string): Promise<string> {
  const folder = dirname(file);
  return access(folder).then(
    () => `names no file in ${folder}`,
    () => "names a file in a folder that does not exist",
  );
}
