import process from "node:process";

// Loaded into a child before its own script. A parent that was killed could not stop its children: they end at once, as
// it did, so that ports and databases are free for the next start.
process.once("disconnect", () => process.exit(1));
