import { DeviceView } from "./device.js";
import { byId, setText } from "./dom.js";
import { FleetView } from "./fleet.js";

/** @import { Batch, Glance } from "../wire.ts" */

const fleet = new FleetView();
const device = new DeviceView();

/** @param {string} words @param {boolean} isWell */
function tellLink(words, isWell) {
  const link = byId("link");
  setText(link, words);
  link.className = isWell ? "" : "trouble";
}

/** @param {Glance} glance */
function take(glance) {
  fleet.glance(glance);
  device.allowCommands = glance.allowCommands;
  const { connected, complete, trouble } = glance.broker;
  if (!connected) tellLink(`No broker: ${trouble}`, false);
  else tellLink(complete ? "live" : "reading what the broker keeps…", true);
}

const source = new EventSource("/api/stream");
source.addEventListener("message", ({ data }) => {
  /** @type {Batch} */
  const batch = JSON.parse(data);
  if (batch.reset) fleet.clear();
  fleet.update(batch.rows, batch.gone);
  if (batch.glance !== null) take(batch.glance);
});
source.addEventListener("error", () => {
  tellLink("The console does not answer: what is shown is old. Trying again…", false);
  // A browser does not try again by itself when it was refused: the session may have ended.
  if (source.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 5_000);
});

function route() {
  const match = /^#\/device\/([^/]+)\/([^/]+)$/.exec(location.hash);
  const isDevice = match !== null;
  byId("fleet").hidden = isDevice;
  byId("device").hidden = !isDevice;
  if (isDevice) {
    const [fleetName, name] = [match[1] ?? "", match[2] ?? ""].map(decodeURIComponent);
    document.title = `${name} · Fleet`;
    device.open(`${fleetName}/${name}`);
  } else {
    document.title = "Fleet";
    device.close();
    if (location.hash === "#/") fleet.focus();
  }
}
addEventListener("hashchange", route);
route();
