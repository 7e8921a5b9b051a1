import { mongodbEngines, sqliteEngine } from "./engines.ts";
import { versionedDocumentsContract } from "./versioned-documents.ts";

for (const engine of [sqliteEngine, ...mongodbEngines]) versionedDocumentsContract(engine);
