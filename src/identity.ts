import type { Clock } from "./base/clock.ts";
import type { Random } from "./base/random.ts";
import type { Secrets } from "./config/secrets.ts";
import { akskCredentials, type Credentials, passwordCredentials, tokenCredentials } from "./sis/credentials.ts";

/** How the agent proves who it is, by what the configuration says of it. */
export function credentialsOf(identity: Secrets["service"], clock: Clock, random: Random): Credentials {
  switch (identity.method) {
    case "none":
      return { authorize: () => Promise.resolve({}), refused() {}, expiresAtMs: () => null };
    case "aksk":
      return akskCredentials({ ...identity, clock });
    case "password":
      return passwordCredentials({ ...identity, clock, random });
    case "token":
      return tokenCredentials(identity.readToken);
  }
}
