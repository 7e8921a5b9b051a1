import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { closeName } from "../../../services/runtime/close-name.ts";

const NAMES = ["app_opened", "purchase_completed", "add_to_cart", "logged_in", "rating_submitted"];

describe("the close name", () => {
  it.each([
    ["app_open", "app_opened"],
    ["PurchaseCompleted", "purchase_completed"],
    ["purchase-completed", "purchase_completed"],
    ["purchase_compelted", "purchase_completed"],
    ["purchases_completed", "purchase_completed"],
    ["add_to_crat", "add_to_cart"],
    ["loged_in", "logged_in"],
    ["Logged In", "logged_in"],
  ])("of %s is %s", (name, expected) => {
    expect(closeName(name, NAMES)).toBe(expected);
  });

  it.each(["level_up", "purchase", "app_opened", "x", "", "🎉"])("of %j is none", (name) => {
    expect(closeName(name, NAMES)).toBeNull();
  });

  it("is not another one of numbered names", () => {
    expect(closeName("level_12_done", ["level_1_done", "level_13_done"])).toBeNull();
    expect(closeName("levl_12_done", ["level_12_done"])).toBe("level_12_done");
  });

  it("is the closest, and the first of several that are equally close", () => {
    expect(closeName("product_viewd", ["product_views", "product_viewed", "products_viewed"])).toBe("product_views");
    expect(closeName("product_viewedd", ["product_vieweds", "product_viewed"])).toBe("product_vieweds");
    expect(closeName("ProductViewed", ["product_views", "product_viewed"])).toBe("product_viewed");
  });

  it("property: one slip in a long name is found again", () => {
    const letters = fc.stringMatching(/^[a-z]{8,20}$/);
    fc.assert(
      fc.property(letters, fc.nat(), fc.constantFrom("drop", "double", "swap", "replace"), (name, seed, slip) => {
        const at = seed % (name.length - 1);
        const [a, b] = [name[at]!, name[at + 1]!];
        const middle = { drop: b, double: a + a + b, swap: b + a, replace: `${a === "q" ? "z" : "q"}${b}` }[slip];
        const slipped = name.slice(0, at) + middle + name.slice(at + 2);
        fc.pre(slipped !== name);
        expect(closeName(slipped, ["something_else", name])).toBe(name);
      }),
    );
  });
});
