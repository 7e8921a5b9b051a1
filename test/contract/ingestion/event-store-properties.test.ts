import { eventStoreProperties } from "./event-store-properties.ts";
import { storeEngines } from "./stores.ts";

for (const engine of storeEngines) eventStoreProperties(engine);
