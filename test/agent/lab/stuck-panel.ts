import type { Panel } from "../../../src/panel/panel.ts";

// Takes the place of agent/panel.ts: a panel that cannot be let go of until the test says so.

const gone = Promise.withResolvers<void>();

export const letPanelGo = () => gone.resolve();

/** @public by its name */
export const connectPanel = (): Panel => ({ tell() {}, level() {}, stop: () => gone.promise });
