import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { SYSTEM_EVENT_DATA } from "../../../../services/ingestion/catalogue/system-event-data.ts";
import { SYSTEM_EVENTS, systemEvent } from "../../../../services/ingestion/catalogue/system-events.ts";

/** The published pages, where they lie beside the checkout. */
const PAGES = ["smartapppush-event-tracking.txt", "smartapppush-mobile-guide.md"].map(
  (name) => new URL(`../../../../../shared/reference/${name}`, import.meta.url),
);
const hasPages = PAGES.every((page) => existsSync(page));

describe("the catalogue of system events", () => {
  it("has 65 events in 11 categories, each name once", () => {
    expect(SYSTEM_EVENTS).toHaveLength(65);
    expect(new Set(SYSTEM_EVENTS.map(({ name }) => name)).size).toBe(65);
    expect(Object.entries(SYSTEM_EVENT_DATA).map(([category, rows]) => `${category} ${rows.length}`)).toEqual([
      "Onboarding 4",
      "App Lifecycle 2",
      "Authentication 5",
      "E-Commerce 15",
      "Search & Discovery 5",
      "Subscription & Monetization 10",
      "Push Notifications 6",
      "Content & Engagement 7",
      "User Profile & Preferences 4",
      "Social & Virality 3",
      "Friction & Errors 4",
    ]);
  });

  it("describes every event in a sentence of its own, and names parameters as clients send them", () => {
    expect(new Set(SYSTEM_EVENTS.map(({ description }) => description)).size).toBe(65);
    for (const { name, description, usualParameters } of SYSTEM_EVENTS) {
      expect(description, name).toMatch(/^[A-Z].{15,}[^.]$/);
      expect(new Set(usualParameters).size, name).toBe(usualParameters.length);
      for (const parameter of usualParameters) expect(parameter, name).toMatch(/^[a-z_]+$/);
    }
  });

  it("knows its names and no others", () => {
    expect(systemEvent("purchase_completed")?.usualParameters).toEqual([
      "order_id",
      "amount",
      "currency",
      "item_count",
    ]);
    expect(systemEvent("level_up")).toBeUndefined();
    expect(systemEvent("constructor")).toBeUndefined();
  });

  it.runIf(hasPages)("has the names, categories and parameters of the published pages, and none of their words", () => {
    const guide = readFileSync(PAGES[1]!, "utf8").split("## System Events Reference")[1]!;
    const published = new Map<string, { category: string; description: string; parameters: string[] }>();
    let category = "";
    for (const line of guide.split("\n")) {
      category = /^### (.+)$/.exec(line)?.[1] ?? category;
      const row = /^\| `(\w+)` \| (.*?) \| (.*) ?\|$/.exec(line);
      if (row === null) continue;
      const parameters = [...row[3]!.matchAll(/`(\w+)`/g)].map((match) => match[1]!);
      published.set(row[1]!, { category, description: row[2]!, parameters });
    }
    const ours = SYSTEM_EVENTS.map(({ name, category, usualParameters }) => [name, category, usualParameters]);
    expect(Object.fromEntries(ours.map(([name, ...rest]) => [name, rest]))).toEqual(
      Object.fromEntries([...published].map(([name, { category, parameters }]) => [name, [category, parameters]])),
    );
    const page = readFileSync(PAGES[0]!, "utf8");
    for (const { name, description } of SYSTEM_EVENTS) {
      expect(page, name).toContain(name);
      expect(description.toLowerCase()).not.toBe(published.get(name)!.description.toLowerCase());
    }
  });
  if (!hasPages)
    process.stderr.write("skipped: names of system events against the published pages, which are not here\n");
});
