import { createPrivateKey, X509Certificate } from "node:crypto";

/** Why a PEM text holds no usable certificates, going on from its file's name; null: it does. Each one in it is looked at. */
export function certificatesFlaw(text: string): string | null {
  const [, ...blocks] = text.split("-----BEGIN ");
  if (blocks.length === 0) return "holds no PEM block (-----BEGIN … to -----END …)";
  const wrong = blocks.findIndex((block) => !parses(() => new X509Certificate(`-----BEGIN ${block}`)));
  if (wrong === -1) return null;
  return blocks.length === 1
    ? "holds no certificate that can be read"
    : `holds, as block ${wrong + 1}, no certificate that can be read`;
}

/** Why a PEM text holds no usable private key, going on from its file's name; null: it does. */
export function privateKeyFlaw(text: string): string | null {
  if (!text.includes("-----BEGIN ")) return "holds no PEM block (-----BEGIN … to -----END …)";
  if (text.includes("ENCRYPTED")) return "holds a private key that is encrypted; the agent has no passphrase for it";
  return parses(() => createPrivateKey(text)) ? null : "holds no private key that can be read";
}

/** Whether a certificate (the first of its text) is that of a private key; both have no flaw. */
export function belongTogether(certificates: string, privateKey: string): boolean {
  return new X509Certificate(certificates).checkPrivateKey(createPrivateKey(privateKey));
}

/** OpenSSL's own words for what is wrong help nobody. */
function parses(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}
