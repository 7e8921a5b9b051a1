import { concurrentEventStoreContract } from "./concurrent-event-store.ts";
import { eventStoreContract } from "./event-store.ts";
import { mongodbCommandContract } from "./mongodb-commands.ts";
import { mongodbEngines, storeEngines } from "./stores.ts";

for (const engine of storeEngines) {
  eventStoreContract(engine);
  if (!engine.slow) concurrentEventStoreContract(engine);
}

for (const engine of mongodbEngines) mongodbCommandContract(engine);
