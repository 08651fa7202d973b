// Writes docs/schemas/*.json from the types of the fleet's payloads. Run: node scripts/generate-schemas.ts
import { mkdirSync, writeFileSync } from "node:fs";
import { schemaFiles } from "../src/fleet/schema.ts";

const folder = new URL("../docs/schemas/", import.meta.url);
mkdirSync(folder, { recursive: true });
for (const [name, content] of schemaFiles()) writeFileSync(new URL(name, folder), content);
