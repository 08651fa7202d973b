import { access } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "../base/fault.ts";
import { keyAt } from "./keys.ts";
import { belongTogether } from "./pem.ts";
import type { Place, Problem, ProblemCode } from "./problems.ts";
import type { Settings } from "./schema.ts";
import { readSecretFile, type SecretForm } from "./secret-file.ts";
import { isEncrypted, regionOf } from "./urls.ts";
import type { View } from "./view.ts";

/** Who the agent is to the service, with what proves it. Never logged, never shown. */
export type ServiceIdentity =
  | { readonly method: "none" }
  | { readonly method: "aksk"; readonly accessKey: string; readonly secretKey: string }
  | {
      readonly method: "password";
      readonly user: string;
      readonly domain: string;
      readonly password: string;
      readonly iamEndpoint: string;
      readonly project: { readonly name: string } | { readonly id: string };
    }
  /** `readToken` reads the file again. Rejects with Fault config-unreadable, config-invalid or disk-failed. */
  | { readonly method: "token"; readonly readToken: () => Promise<string> };

/** What opens the broker's door. PEM texts, not paths. */
export interface BrokerSecrets {
  readonly password: string | undefined;
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** What the settings' `*_file`s and systemd's credentials hold. */
export interface Secrets {
  readonly service: ServiceIdentity;
  readonly broker: BrokerSecrets;
}

/** The files that hold secrets, read. */
export interface SecretFiles {
  /** The content of each by its setting. */
  readonly texts: ReadonlyMap<string, string>;
  /** Its path by its setting, whether the setting names it or systemd's credential does. */
  readonly files: ReadonlyMap<string, string>;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** One file that the settings call for. */
interface Wanted {
  readonly path: string;
  readonly form: SecretForm;
  /** Must not be readable by everyone. */
  readonly secret: boolean;
  /** What cannot do without it; null: it is optional. */
  readonly neededBy: string | null;
}

/** The file that proves who we are, by method. */
const proofs: Readonly<Record<string, string>> = {
  aksk: "sis.auth.secret_key_file",
  password: "sis.auth.password_file",
  token: "sis.auth.token_file",
};

/**
 * Reads the secrets that the settings call for. A setting that is absent is answered by systemd's credential of the
 * name that the schema gives (systemd.exec(5), LoadCredential=).
 * @param credentialsDirectory $CREDENTIALS_DIRECTORY; undefined: there are no credentials
 */
export async function readSecrets(
  view: View,
  place: (path: readonly string[]) => Place,
  credentialsDirectory: string | undefined,
): Promise<SecretFiles> {
  const texts = new Map<string, string>();
  const files = new Map<string, string>();
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const problem = (path: string, message: string, code: ProblemCode = "config-invalid"): Problem => ({
    code,
    key: path,
    place: place(path.split(".")),
    message,
  });

  for (const { path, form, secret, neededBy } of wantedBy(view)) {
    const credential = keyAt(path)?.credential ?? null;
    const file = view.text(path) ?? (view.given(path) ? null : await credentialFile(credential, credentialsDirectory));
    if (file === null) {
      if (neededBy === null || view.given(path)) continue;
      problems.push(problem(path, `is missing; ${neededBy} needs it, or the systemd credential "${credential}"`));
      continue;
    }
    const found = await readSecretFile(file, form);
    if ("why" in found) {
      // A token lives shorter than a start may take: whoever fetches it may not have come to it yet.
      const mayCome = path === "sis.auth.token_file" && found.code !== "config-invalid";
      if (mayCome) {
        files.set(path, file);
        warnings.push(problem(path, `${found.why}; it is read again whenever a token is needed`, found.code));
      } else problems.push(problem(path, found.why, found.code));
      continue;
    }
    texts.set(path, found.text);
    files.set(path, file);
    if (secret && found.exposed) {
      warnings.push(problem(path, `every user of this machine can read ${file}; take that away with: chmod o-r`));
    }
  }
  const [cert, key] = ["mqtt.cert_file", "mqtt.key_file"] as const;
  if (texts.has(cert) && !texts.has(key) && !view.given(key))
    problems.push(problem(key, `is missing; ${cert} needs it`));
  if (texts.has(key) && !texts.has(cert) && !view.given(cert))
    problems.push(problem(cert, `is missing; ${key} needs it`));
  const [certText, keyText] = [texts.get(cert), texts.get(key)];
  if (certText !== undefined && keyText !== undefined && !belongTogether(certText, keyText))
    problems.push(problem(key, `the file ${files.get(key)} holds another private key than that of ${cert}`));
  return { texts, files, problems, warnings };
}

function* wantedBy(view: View): Iterable<Wanted> {
  const method = view.text("sis.auth.method") ?? "";
  const proof = proofs[method];
  if (proof !== undefined) yield { path: proof, form: "line", secret: true, neededBy: `method "${method}"` };
  if (view.given("mqtt.user")) yield { path: "mqtt.password_file", form: "line", secret: true, neededBy: null };
  const url = view.text("mqtt.url");
  if (url === null || !isEncrypted(url)) return;
  yield { path: "mqtt.ca_file", form: "certificates", secret: false, neededBy: null };
  yield { path: "mqtt.cert_file", form: "certificates", secret: false, neededBy: null };
  yield { path: "mqtt.key_file", form: "private-key", secret: true, neededBy: null };
}

async function credentialFile(name: string | null, directory: string | undefined): Promise<string | null> {
  if (name === null || directory === undefined || directory === "") return null;
  const file = join(directory, name);
  return access(file).then(
    () => file,
    () => null,
  );
}

/** The secrets in the shape in which they are used. */
export function assembleSecrets(settings: Settings, { texts, files }: SecretFiles): Secrets {
  const broker = {
    password: texts.get("mqtt.password_file"),
    ca: texts.get("mqtt.ca_file"),
    cert: texts.get("mqtt.cert_file"),
    key: texts.get("mqtt.key_file"),
  };
  return { service: identityOf(settings.sis, texts, files), broker };
}

function identityOf(
  { auth, endpoint, project_id }: Settings["sis"],
  texts: ReadonlyMap<string, string>,
  files: ReadonlyMap<string, string>,
): ServiceIdentity {
  const region = regionOf(endpoint);
  switch (auth.method) {
    case "none":
      return { method: "none" };
    case "aksk":
      return {
        method: "aksk",
        accessKey: present(auth.access_key),
        secretKey: present(texts.get("sis.auth.secret_key_file")),
      };
    case "password": {
      const name = auth.project_name ?? region?.region;
      return {
        method: "password",
        user: present(auth.user),
        domain: present(auth.domain),
        password: present(texts.get("sis.auth.password_file")),
        iamEndpoint:
          auth.iam_endpoint ?? (region === null ? present(undefined) : `https://iam.${region.region}.${region.domain}`),
        project: name === undefined ? { id: project_id } : { name },
      };
    }
    case "token": {
      const file = present(files.get("sis.auth.token_file"));
      return { method: "token", readToken: () => readToken(file) };
    }
  }
}

async function readToken(file: string): Promise<string> {
  const found = await readSecretFile(file, "line");
  if ("why" in found) throw new Fault(found.code, `sis.auth.token_file: ${found.why}`);
  return found.text;
}

/** What the rules have made sure of. */
function present(value: string | undefined): string {
  if (value === undefined) throw new Fault("internal", "a setting that the rules demand is absent");
  return value;
}
