/** Most opens that wait; beyond, the oldest go. */
const MAX_OPENS = 1_000;
const STORE = "opens";

/** Opens that wait to be reported, in IndexedDB: a service worker has no localStorage and may stop at any moment. */
export interface OpenQueue {
  add(trackingToken: string): Promise<void>;
  /** All that wait, oldest first. */
  list(): Promise<readonly string[]>;
  remove(trackingToken: string): Promise<void>;
}

/** Opens the queue of an app; rejects where the browser gives the worker no database. */
export async function openOpenQueue(name: string): Promise<OpenQueue> {
  const opening = indexedDB.open(name, 1);
  opening.onupgradeneeded = () => {
    opening.result
      .createObjectStore(STORE, { keyPath: "order", autoIncrement: true })
      .createIndex("token", "token", { unique: true });
  };
  const database = await resultOf(opening);

  /** Runs requests in one transaction and waits until it is durable. */
  async function change(act: (store: IDBObjectStore) => Promise<unknown>): Promise<void> {
    const transaction = database.transaction(STORE, "readwrite");
    const completed = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });
    await Promise.all([act(transaction.objectStore(STORE)), completed]);
  }

  return {
    add: (token) =>
      change(async (store) => {
        if ((await resultOf(store.index("token").count(token))) > 0) return;
        await resultOf(store.add({ token }));
        if ((await resultOf(store.count())) <= MAX_OPENS) return;
        const oldest = await resultOf(store.openKeyCursor());
        if (oldest !== null) await resultOf(store.delete(oldest.primaryKey));
      }),
    async list() {
      const records: { token: string }[] = await resultOf(database.transaction(STORE).objectStore(STORE).getAll());
      return records.map(({ token }) => token);
    },
    remove: (token) =>
      change(async (store) => {
        const key = await resultOf(store.index("token").getKey(token));
        if (key !== undefined) await resultOf(store.delete(key));
      }),
  };
}

function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
