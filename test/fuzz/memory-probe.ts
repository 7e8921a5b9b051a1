import process from "node:process";

// Loaded into Carillon before its own script: answers every message with what its memory holds after a collection.
const { gc } = globalThis as { gc?: () => void };
if (gc === undefined) throw new Error("needs --expose-gc");

process.on("message", () => {
  gc();
  gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  process.send?.({ heapUsed: heapUsed + external, rss });
});
process.once("disconnect", () => process.exit(1));
