import { arch } from "node:os";

/** The processors that a binary can be built for, in Node's words. */
export const arches = ["x64", "arm64"] as const;
export type Arch = (typeof arches)[number];

/** This machine's processor. @throws where there is no binary for it */
export function hostArch(): Arch {
  const host = arches.find((each) => each === arch());
  if (host === undefined) throw new Error(`there is no binary for this machine's processor (${arch()})`);
  return host;
}
