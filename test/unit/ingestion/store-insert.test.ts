import { type Collection, MongoBulkWriteError, MongoNetworkError, MongoServerError } from "mongodb";
import { describe, expect, test } from "vitest";
import type { EventDocument } from "../../../services/ingestion/mongodb-documents.ts";
import { insertEvents } from "../../../services/ingestion/mongodb-writes.ts";
import { StoreUnavailableError } from "../../../services/runtime/store-unavailable-error.ts";
import { event } from "../../contract/ingestion/event-fixture.ts";

/** A server that refuses some elements of a batch, by their index, and counts every element as inserted. */
function refusing(codes: Readonly<Record<number, number>>): Collection<EventDocument> {
  const writeErrors = Object.entries(codes).map(([index, code]) => ({ index: Number(index), code }));
  const insertMany = async () => {
    const result = { insertedCount: 3, getWriteConcernError: () => undefined };
    throw new MongoBulkWriteError(
      { message: "refused", code: writeErrors[0]!.code, writeErrors } as never,
      result as never,
    );
  };
  return { insertMany } as never;
}

/** A bulk that ends by an error which is about none of its elements, as the driver wraps it. */
function ending(error: Error): Collection<EventDocument> {
  const insertMany = async () => {
    throw new MongoBulkWriteError(error as never, { getWriteConcernError: () => undefined } as never);
  };
  return { insertMany } as never;
}

const batch = [1, 2, 3].map((id) => event({ id }));

describe("a batch of events for MongoDB", () => {
  test("is duplicate where the write errors say so, whatever the count says", async () => {
    expect(await insertEvents(refusing({ 1: 11_000 }), batch)).toEqual(["stored", "duplicate", "stored"]);
  });

  test("fails as a whole where an element was refused for another reason", async () => {
    await expect(insertEvents(refusing({ 0: 11_000, 2: 10_334 }), batch)).rejects.toThrow("refused");
  });

  test("is not known to be stored where the connection was lost", async () => {
    const lost = insertEvents(ending(new MongoNetworkError("connection closed")), batch);
    await expect(lost).rejects.toBeInstanceOf(StoreUnavailableError);
  });

  test("fails where the server refuses the command as a whole", async () => {
    const unauthorized = new MongoServerError({ message: "not authorized", code: 13 });
    await expect(insertEvents(ending(unauthorized), batch)).rejects.toThrow("not authorized");
  });
});
