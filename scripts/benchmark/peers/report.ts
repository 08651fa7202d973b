import type { PeersResult } from "./run.ts";
export function summaryLine(result: PeersResult): string { return JSON.stringify(result.clients.map(c=>({...c, outcomes:[...c.outcomes]}))); }
export function chapter(result: PeersResult): string { return summaryLine(result); }
export function record(_command: string, _result: PeersResult): void {}
